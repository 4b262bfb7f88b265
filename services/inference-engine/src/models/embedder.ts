/** Text as the model reads it. */
export interface Tokenized {
  readonly tokens: number;
  readonly ids: readonly number[];
}

/** Cuts text into what a model reads, and off what is beyond its longest input. */
export interface TextTokenizer {
  tokenize(text: string): Tokenized;
}

/** A model that turns texts into vectors of unit length. */
export interface Embedder {
  /** One vector a text, in order. Padding inside the batch does not change a result. */
  embed(batch: readonly Tokenized[]): Promise<readonly Float32Array[]>;
}

/** Which model, and where its files are. */
export interface ModelFiles {
  /** Folder with them; undefined for a model that needs none. */
  readonly folder: string | undefined;
  readonly dimensions: number;
  readonly maxTokens: number;
}
