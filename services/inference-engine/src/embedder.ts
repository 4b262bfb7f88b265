/** Text as the model reads it. */
export interface Tokenized {
  readonly tokens: number;
  readonly ids: readonly number[];
}

/** A model that turns texts into vectors of unit length. Runs in the thread that owns it. */
export interface Embedder {
  /** Cuts off what is beyond the model's longest input. */
  tokenize(text: string): Tokenized;
  /** One vector a text, in order. Padding inside the batch does not change a result. */
  embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]>;
}
