import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Embedder, TextTokenizer, Tokenized } from './embedder.ts';
import { normalize } from './vector.ts';

/** The word pieces of BERT, as the model's own `tokenizer.json` has them. */
export class MinilmTokenizer implements TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #maxTokens: number;

  private constructor(tokenizer: Tokenizer, maxTokens: number) {
    this.#tokenizer = tokenizer;
    this.#maxTokens = maxTokens;
  }

  /** @param folder with `tokenizer.json` */
  static async load(folder: string, maxTokens: number): Promise<MinilmTokenizer> {
    const {
      padding: _padding,
      truncation: _truncation,
      ...tokenizer
    } = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
    return new MinilmTokenizer(new Tokenizer(tokenizer, {}), maxTokens);
  }

  tokenize(text: string): Tokenized {
    const { ids } = this.#tokenizer.encode(text);
    // The last id is the separator, and stays the last one when the text is cut.
    const cut = ids.length <= this.#maxTokens ? ids : [...ids.slice(0, this.#maxTokens - 1), ids.at(-1) as number];
    return { tokens: cut.length, ids: cut };
  }
}

/** all-MiniLM and its kin: a BERT encoder in ONNX whose last hidden state is mean-pooled and normalised. */
export class MinilmEmbedder implements Embedder {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param folder with `model.onnx` */
  static async load(folder: string): Promise<MinilmEmbedder> {
    return new MinilmEmbedder(
      await InferenceSession.create(join(folder, 'model.onnx'), {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
      }),
    );
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
