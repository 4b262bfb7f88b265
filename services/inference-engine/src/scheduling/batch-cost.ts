/** What one forward pass has to compute. */
export interface BatchShape {
  readonly items: number;
  /** Tokens, padding included. */
  readonly paddedTokens: number;
}

/** Time of a forward pass by its shape. */
export interface BatchCost {
  /** Milliseconds to expect; 0 while nothing is known. */
  expectMs(shape: BatchShape): number;
  /** Milliseconds that one pass in twenty exceeds at most, if its time varies as the latest ones did. */
  cautiousMs(shape: BatchShape): number;
  /** Tokens of the longest pass that cautiously ends within so many milliseconds; infinite while nothing is known. */
  tokensWithin(ms: number): number;
  /** The part of a pass that does not grow with what is in it. */
  readonly fixedMs: number;
  learn(shape: BatchShape, ms: number): void;
}

/** Share of the past that counts beside a new pass: about fifty passes are remembered. */
const MEMORY = 0.98;
/** Sizes that deviate by less than this part of their mean say nothing of the slope. */
const LEAST_SPREAD = 0.1;
/** In deviations: 95 of 100 passes are below, were they spread normally. */
const CAUTION = 1.65;

/**
 * Fits ms = fixed + slope * paddedTokens to the passes seen, by least squares with exponential forgetting. While all
 * passes have about one size the two cannot be told apart, and stand to each other as they did when they could; were they
 * forgotten, longer passes would seem dearer than they are, and nobody would dare one again.
 */
export class LearnedBatchCost implements BatchCost {
  #weight = 0;
  #tokens = 0;
  #ms = 0;
  #tokensSquared = 0;
  #product = 0;
  /** Mean square of relative errors. */
  #spread = 0;
  /** The line when passes differed enough to tell. */
  #known: Line = { fixed: 0, slope: 1 };

  /** @param prior what is believed before the first pass, e.g. from the declared token rate */
  constructor(prior?: { readonly shape: BatchShape; readonly ms: number }) {
    if (prior !== undefined) this.learn(prior.shape, prior.ms);
  }

  get fixedMs(): number {
    return this.#line().fixed;
  }

  expectMs({ paddedTokens }: BatchShape): number {
    const { fixed, slope } = this.#line();
    return fixed + slope * paddedTokens;
  }

  cautiousMs(shape: BatchShape): number {
    return this.expectMs(shape) * this.#caution;
  }

  tokensWithin(ms: number): number {
    const { fixed, slope } = this.#line();
    const expected = ms / this.#caution;
    if (slope === 0) return expected >= fixed ? Number.POSITIVE_INFINITY : 0;
    return Math.max(0, Math.floor((expected - fixed) / slope));
  }

  learn(shape: BatchShape, ms: number): void {
    const expected = this.expectMs(shape);
    if (expected > 0) {
      const error = (ms - expected) / expected;
      this.#spread = MEMORY * this.#spread + (1 - MEMORY) * error * error;
    }
    const { paddedTokens } = shape;
    this.#weight = MEMORY * this.#weight + 1;
    this.#tokens = MEMORY * this.#tokens + paddedTokens;
    this.#ms = MEMORY * this.#ms + ms;
    this.#tokensSquared = MEMORY * this.#tokensSquared + paddedTokens * paddedTokens;
    this.#product = MEMORY * this.#product + paddedTokens * ms;
    this.#known = this.#fit() ?? this.#known;
  }

  get #caution(): number {
    return 1 + CAUTION * Math.sqrt(this.#spread);
  }

  #line(): Line {
    if (this.#weight === 0) return { fixed: 0, slope: 0 };
    const { fixed, slope } = this.#known;
    const scale = this.#ms / this.#weight / (fixed + (slope * this.#tokens) / this.#weight);
    return { fixed: scale * fixed, slope: scale * slope };
  }

  /** Undefined where the sizes differ too little to tell. */
  #fit(): Line | undefined {
    const meanTokens = this.#tokens / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#tokensSquared / this.#weight - meanTokens * meanTokens;
    if (variance < (LEAST_SPREAD * meanTokens) ** 2 || meanMs === 0) return undefined;
    const slope = (this.#product / this.#weight - meanTokens * meanMs) / variance;
    const fixed = meanMs - slope * meanTokens;
    if (slope <= 0) return { fixed: meanMs, slope: 0 };
    return fixed < 0 ? { fixed: 0, slope: meanMs / meanTokens } : { fixed, slope };
  }
}

interface Line {
  readonly fixed: number;
  readonly slope: number;
}
