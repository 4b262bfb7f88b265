import type { Embedder, TextTokenizer, Tokenized } from './embedder.ts';
import { normalize } from './vector.ts';

/** FNV-1a, 32 bits: spreads short strings well and needs nothing. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Words and pairs of them, as hashes. */
export class HashingTokenizer implements TextTokenizer {
  readonly #maxTokens: number;

  constructor(maxTokens: number) {
    this.#maxTokens = maxTokens;
  }

  tokenize(text: string): Tokenized {
    const words = (text.toLowerCase().match(/[\p{L}\p{N}$!%]+/gu) ?? []).slice(0, this.#maxTokens);
    const ids = words.flatMap((word, n) => (n === 0 ? [hash(word)] : [hash(word), hash(`${words[n - 1]} ${word}`)]));
    return { tokens: Math.max(1, words.length), ids };
  }
}

/**
 * Feature hashing of words and word pairs into signed buckets with sublinear counts (Weinberger et al., "Feature hashing
 * for large scale multitask learning", 2009). It knows words, not meanings: a stand-in where no model can be had.
 */
export class HashedEmbedder implements Embedder {
  readonly #dimensions: number;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  async embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]> {
    return batch.map(({ ids }) => this.#vector(ids));
  }

  #vector(ids: readonly number[]): Float32Array {
    const counts = new Map<number, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    const vector = new Float32Array(this.#dimensions);
    for (const [id, count] of counts) {
      const bucket = id % this.#dimensions;
      const sign = (id & 0x8000_0000) === 0 ? 1 : -1;
      vector[bucket] = (vector[bucket] as number) + sign * (1 + Math.log(count));
    }
    return normalize(vector);
  }
}
