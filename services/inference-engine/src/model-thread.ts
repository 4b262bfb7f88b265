import { parentPort, workerData } from 'node:worker_threads';
import type { Embedder, Tokenized } from './embedder.ts';
import { HashedEmbedder } from './hashed-embedder.ts';
import { MinilmEmbedder } from './minilm-embedder.ts';

export interface ModelThreadData {
  /** Folder of the model's files; undefined for one that needs none. */
  readonly folder: string | undefined;
  readonly dimensions: number;
  readonly maxTokens: number;
}

export type ModelRequest =
  | { readonly id: number; readonly kind: 'tokenize'; readonly texts: readonly string[] }
  | { readonly id: number; readonly kind: 'embed'; readonly batch: readonly Tokenized[] };

export type ModelReply =
  | { readonly id: number; readonly ok: true; readonly result: readonly Tokenized[] | readonly Float32Array[] }
  | { readonly id: number; readonly ok: false; readonly message: string };

const { folder, dimensions, maxTokens } = workerData as ModelThreadData;
const embedder: Embedder =
  folder === undefined ? new HashedEmbedder(dimensions, maxTokens) : await MinilmEmbedder.load(folder, maxTokens);
// The first run allocates arenas and is several times slower: nobody should wait for that.
await embedder.embed([embedder.tokenize('warm up')]);

parentPort?.on('message', async (request: ModelRequest) => {
  try {
    const result =
      request.kind === 'tokenize'
        ? request.texts.map((text) => embedder.tokenize(text))
        : await embedder.embed(request.batch);
    parentPort?.postMessage({ id: request.id, ok: true, result } satisfies ModelReply);
  } catch (error) {
    parentPort?.postMessage({ id: request.id, ok: false, message: (error as Error).message } satisfies ModelReply);
  }
});
parentPort?.postMessage('ready');
