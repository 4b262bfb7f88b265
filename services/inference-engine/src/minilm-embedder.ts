import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Embedder, Tokenized } from './embedder.ts';

/** all-MiniLM and its kin: a BERT encoder in ONNX whose last hidden state is mean-pooled and normalised. */
export class MinilmEmbedder implements Embedder {
  readonly #session: InferenceSession;
  readonly #tokenizer: Tokenizer;
  readonly #maxTokens: number;

  private constructor(session: InferenceSession, tokenizer: Tokenizer, maxTokens: number) {
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#maxTokens = maxTokens;
  }

  /** @param folder with `model.onnx` and `tokenizer.json` */
  static async load(folder: string, maxTokens: number): Promise<MinilmEmbedder> {
    const {
      padding: _padding,
      truncation: _truncation,
      ...tokenizer
    } = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
    const session = await InferenceSession.create(join(folder, 'model.onnx'), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    });
    return new MinilmEmbedder(session, new Tokenizer(tokenizer, {}), maxTokens);
  }

  tokenize(text: string): Tokenized {
    const { ids } = this.#tokenizer.encode(text);
    // The last id is the separator, and stays the last one when the text is cut.
    const cut = ids.length <= this.#maxTokens ? ids : [...ids.slice(0, this.#maxTokens - 1), ids.at(-1) as number];
    return { tokens: cut.length, ids: cut };
  }

  async embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]> {
    const length = Math.max(...batch.map(({ tokens }) => tokens));
    const ids = new BigInt64Array(batch.length * length);
    const mask = new BigInt64Array(batch.length * length);
    for (const [row, { ids: tokens }] of batch.entries()) {
      for (const [column, id] of tokens.entries()) {
        ids[row * length + column] = BigInt(id);
        mask[row * length + column] = 1n;
      }
    }
    const shape = [batch.length, length];
    const output = await this.#session.run({
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
      token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), shape),
    });
    const hidden = output['last_hidden_state'] as Tensor;
    const dimensions = hidden.dims[2] as number;
    return batch.map(({ tokens }, row) =>
      pool(hidden.data as Float32Array, row * length * dimensions, tokens, dimensions),
    );
  }
}

/** Mean over the text's own tokens, brought to length 1. */
function pool(hidden: Float32Array, offset: number, tokens: number, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let token = 0; token < tokens; token++) {
    for (let d = 0; d < dimensions; d++)
      vector[d] = (vector[d] as number) + (hidden[offset + token * dimensions + d] as number);
  }
  return normalize(vector);
}

export function normalize(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return norm === 0 ? vector : vector.map((x) => x / norm);
}
