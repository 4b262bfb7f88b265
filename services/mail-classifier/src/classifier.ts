/** Logistic regression on embeddings: small, deterministic, and readable as JSON. */
export interface Classifier {
  readonly version: 1;
  /** Model and revision that made the embeddings it was trained on; others do not fit. */
  readonly model: string;
  readonly revision: string;
  readonly examples: number;
  readonly bias: number;
  readonly weights: readonly number[];
}

export interface Example {
  readonly embedding: Float32Array;
  readonly label: 'ham' | 'spam';
}

/** The classifier and the embeddings come from different models, or the file is not a classifier. */
export class UnfitClassifier extends Error {
  override readonly name = 'UnfitClassifier';
  readonly retryable = false;
}

const ITERATIONS = 400;
const LEARNING_RATE = 4;
const L2 = 1e-4;

/**
 * Full-batch gradient descent with momentum from zero: the same examples give the same weights, whatever the machine.
 * Both classes weigh the same, however many examples each has.
 */
export function train(examples: readonly Example[], model: string, revision: string): Classifier {
  const dimensions = examples[0]?.embedding.length ?? 0;
  const spam = examples.filter(({ label }) => label === 'spam').length;
  const share = { spam: 0.5 / Math.max(1, spam), ham: 0.5 / Math.max(1, examples.length - spam) };
  const weights = new Float64Array(dimensions);
  const velocity = new Float64Array(dimensions);
  let bias = 0;
  let biasVelocity = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gradient = weights.map((weight) => L2 * weight);
    let biasGradient = 0;
    for (const { embedding, label } of examples) {
      const error = (sigmoid(dot(weights, embedding) + bias) - (label === 'spam' ? 1 : 0)) * share[label];
      for (let d = 0; d < dimensions; d++) gradient[d] = (gradient[d] as number) + error * (embedding[d] as number);
      biasGradient += error;
    }
    for (let d = 0; d < dimensions; d++) {
      velocity[d] = 0.9 * (velocity[d] as number) - LEARNING_RATE * (gradient[d] as number);
      weights[d] = (weights[d] as number) + (velocity[d] as number);
    }
    biasVelocity = 0.9 * biasVelocity - LEARNING_RATE * biasGradient;
    bias += biasVelocity;
  }
  return {
    version: 1,
    model,
    revision,
    examples: examples.length,
    bias: rounded(bias),
    weights: Array.from(weights, rounded),
  };
}

/** Probability of spam, 0 to 1. @throws {UnfitClassifier} for an embedding of another length */
export function scoreOf({ weights, bias }: Classifier, embedding: Float32Array): number {
  if (weights.length !== embedding.length) {
    throw new UnfitClassifier(
      `the classifier has ${weights.length} weights, the embedding ${embedding.length} dimensions`,
    );
  }
  return sigmoid(dot(weights, embedding) + bias);
}

/** @throws {UnfitClassifier} when the text is not a classifier whose every weight is a number */
export function parseClassifier(text: string): Classifier {
  let value: Partial<Classifier>;
  try {
    value = JSON.parse(text) as Partial<Classifier>;
  } catch (error) {
    throw new UnfitClassifier(`not JSON: ${(error as Error).message}`);
  }
  const { version, weights, bias, model } = value ?? {};
  const sound = version === 1 && typeof model === 'string' && Number.isFinite(bias);
  if (!sound || !Array.isArray(weights) || !weights.every((weight) => Number.isFinite(weight))) {
    throw new UnfitClassifier('not a classifier file of version 1');
  }
  return value as Classifier;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

// Five digits move no verdict and keep the file small and the same on every machine.
const rounded = (x: number): number => Number(x.toFixed(5));

function dot(weights: ArrayLike<number>, embedding: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < embedding.length; d++) sum += (weights[d] as number) * (embedding[d] as number);
  return sum;
}
