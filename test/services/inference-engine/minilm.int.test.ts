import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MINILM } from '../../../cli/models/catalogue.ts';
import { modelCache } from '../../../cli/models/fetch.ts';
import { ModelPool } from '../../../services/inference-engine/src/execution/model-pool.ts';
import type { Tokenized } from '../../../services/inference-engine/src/models/embedder.ts';
import { describeWith } from '../../helpers/requirement.ts';

const folder = join(modelCache(process.env), `${MINILM.id}-${MINILM.revision}`);
const requirement = {
  name: 'minilm',
  available: existsSync(join(folder, 'verified.json')),
  howToGet: 'penstock models fetch',
};

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, n) => sum + x * (b[n] as number), 0);

describeWith(requirement, 'all-MiniLM-L6-v2 in its processes', () => {
  let tokenizer: ModelPool<string, Tokenized>;
  let model: ModelPool<Tokenized, Float32Array>;
  const { signal } = new AbortController();

  beforeAll(async () => {
    const files = { folder, dimensions: MINILM.dimensions, maxTokens: 256 };
    tokenizer = await ModelPool.start({ part: 'tokenizer', files, processes: 1 });
    model = await ModelPool.start({ part: 'embedder', files, processes: 1 });
  });

  afterAll(async () => {
    await tokenizer.close();
    await model.close();
  });

  test('reads text as BERT does', async () => {
    const [hello] = await tokenizer.run(['Hello world'], signal);
    expect(Array.from(hello?.ids ?? [])).toEqual([101, 7592, 2088, 102]);
  });

  test('gives a text the same vector alone and in a batch, bit for bit', async () => {
    const texts = await tokenizer.run(['Short.', 'A sentence that is a good deal longer than the first one.'], signal);
    const together = await model.run(texts, signal);
    for (const [n, text] of texts.entries()) {
      const [alone] = await model.run([text], signal);
      expect(Array.from(together[n] as Float32Array)).toEqual(Array.from(alone as Float32Array));
    }
  });

  test('holds a paraphrase nearer than another subject, in vectors of unit length', async () => {
    const texts = await tokenizer.run(
      ['The cat sits on the mat.', 'A cat is sitting on a rug.', 'Interest rates rose.'],
      signal,
    );
    const [cat, paraphrase, other] = (await model.run(texts, signal)) as [Float32Array, Float32Array, Float32Array];
    expect(dot(cat, cat)).toBeCloseTo(1, 5);
    expect(dot(cat, paraphrase)).toBeGreaterThan(dot(cat, other));
  });
});
