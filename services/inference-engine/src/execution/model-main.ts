import type { ModelFiles, Tokenized } from '../models/embedder.ts';
import { openEmbedder, openTokenizer } from '../models/open-model.ts';
import type { ModelReply, ModelRequest } from './model-process.ts';

// What runs in the process of a model: one part of it, for as long as there is somebody to answer.

/** Which part of a model a process does. */
export type ModelPart = 'tokenizer' | 'embedder';

async function open(part: ModelPart, files: ModelFiles): Promise<(batch: readonly unknown[]) => Promise<unknown[]>> {
  if (part === 'tokenizer') {
    const tokenizer = await openTokenizer(files);
    return async (texts) => (texts as readonly string[]).map((text) => tokenizer.tokenize(text));
  }
  const embedder = await openEmbedder(files);
  return async (batch) => [...(await embedder.embed(batch as readonly Tokenized[]))];
}

const [part, files] = process.argv.slice(2) as [ModelPart, string];
const run = await open(part, JSON.parse(files) as ModelFiles);
const send = (message: ModelReply): boolean | undefined => process.send?.(message);

process.on('message', async ({ id, batch }: ModelRequest) => {
  try {
    send({ id, ok: true, outputs: await run(batch) });
  } catch (error) {
    send({ id, ok: false, message: (error as Error).message });
  }
});
// Nobody is left to answer, however the other side ended.
process.on('disconnect', () => process.exit());
send('ready');
