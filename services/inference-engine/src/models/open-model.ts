import type { Embedder, ModelFiles, TextTokenizer } from './embedder.ts';
import { HashedEmbedder, HashingTokenizer } from './hashed.ts';
import { MinilmEmbedder, MinilmTokenizer } from './minilm.ts';

export const openTokenizer = async ({ folder, maxTokens }: ModelFiles): Promise<TextTokenizer> =>
  folder === undefined ? new HashingTokenizer(maxTokens) : MinilmTokenizer.load(folder, maxTokens);

export const openEmbedder = async ({ folder, dimensions }: ModelFiles): Promise<Embedder> =>
  folder === undefined ? new HashedEmbedder(dimensions) : MinilmEmbedder.load(folder);
