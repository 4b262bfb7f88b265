import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline, EngineClient } from '@penstock/kit';
import { type Example, train as trainClassifier } from '@penstock/mail-classifier/classifier';
import { textOf } from '@penstock/mail-classifier/mail';
import { CommandError, EXIT } from '../exit.ts';
import { corpusMails } from '../input/corpus.ts';
import { ServiceProcess } from '../local/service-process.ts';
import { enginePlan } from '../local/services.ts';
import { localModel } from '../models/local-model.ts';
import { countOption, parseOptions } from '../options.ts';
import { loadPlatform } from '../platform-file.ts';

const HELP = `usage: penstock train [options]

Embeds the training half of the corpus by the engine and writes the classifier that the worker loads.

  --model ID          all-minilm-l6-v2 or hashed-ngrams-384 (default: the first that can be had)
  --limit N           mails at most (default 1500)
  --platform FILE     the declaration (default stacks/platform.ts)
`;

const OPTIONS = {
  model: { type: 'string' },
  limit: { type: 'string', default: '1500' },
  platform: { type: 'string', default: 'stacks/platform.ts' },
} as const;

/** Mails in one request: several full batches, so that the engine never waits for us. */
const CHUNK = 16;
const CALL_MS = 120_000;

/** Trains the classifier on mails that `penstock up` never feeds. */
export async function train(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, OPTIONS, HELP);
  if (options === undefined) return EXIT.ok;
  const topology = await loadPlatform(options.platform);
  const source = await corpusMails('train', countOption('limit', options.limit));
  const model = await localModel(options.model, { write: (text) => process.stderr.write(text) });
  const [engineId] = Object.keys(topology.engines);
  if (engineId === undefined) throw new CommandError('platform-unreadable', 'the platform declares no engine');
  const folder = await mkdtemp(join(tmpdir(), 'penstock-train-'));
  const plan = enginePlan(topology, engineId, model, 0, { deadlineMs: CALL_MS });
  const engine = new ServiceProcess({ ...plan, logFile: join(folder, 'engine.log'), onFailed: () => {} });
  try {
    const { http } = await engine.start();
    const client = new EngineClient({ url: `http://127.0.0.1:${http}`, model: model.id });
    const examples: Example[] = [];
    let texts: string[] = [];
    let labels: ('ham' | 'spam')[] = [];
    const embedChunk = async (): Promise<void> => {
      const { vectors } = await client.embed(texts, { deadline: Deadline.after(CALL_MS) });
      for (const [n, label] of labels.entries()) examples.push({ embedding: vectors[n] as Float32Array, label });
      texts = [];
      labels = [];
      process.stderr.write(`\rembedded ${examples.length} of ${source.count}`);
    };
    for await (const mail of source.read()) {
      texts.push(textOf(mail));
      labels.push(mail.label ?? 'ham');
      if (texts.length === CHUNK) await embedChunk();
    }
    if (texts.length > 0) await embedChunk();
    const classifier = trainClassifier(examples, model.id, model.revision);
    await writeFile(`${model.classifier}.new`, `${JSON.stringify(classifier)}\n`);
    await rename(`${model.classifier}.new`, model.classifier);
    process.stdout.write(`\n${model.classifier}: trained on ${classifier.examples} mails, ${source.title}\n`);
    return EXIT.ok;
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
