/**
 * Every way the kit can fail. `retryable` says whether the same call may succeed later without a change; `turnedAway`
 * that nothing was done for it yet: whoever was asked has too much to do.
 */
const CODES = {
  'queue-missing': { retryable: false },
  'queue-mismatch': { retryable: false },
  'item-too-large': { retryable: false },
  'item-malformed': { retryable: false },
  'lease-lost': { retryable: false },
  'topic-missing': { retryable: false },
  'topic-mismatch': { retryable: false },
  'record-malformed': { retryable: false },
  'partition-lost': { retryable: false },
  'producer-fenced': { retryable: false },
  'offset-gone': { retryable: false },
  'group-busy': { retryable: true },
  'lead-lost': { retryable: false },
  'event-fenced': { retryable: false },
  'stream-conflict': { retryable: true },
  'projection-active': { retryable: false },
  'saga-malformed': { retryable: false },
  'processor-malformed': { retryable: false },
  'saga-missing': { retryable: false },
  'saga-moved': { retryable: true },
  'job-missing': { retryable: false },
  'blob-missing': { retryable: false },
  'job-malformed': { retryable: false },
  'task-unknown': { retryable: true },
  'tasks-malformed': { retryable: false },
  'redrive-refused': { retryable: false },
  'schedule-missing': { retryable: false },
  'schedule-refused': { retryable: false },
  'step-repeated': { retryable: false },
  'batch-mismatched': { retryable: false },
  'key-missing': { retryable: false },
  'key-malformed': { retryable: false },
  'queue-full': { retryable: true, turnedAway: true },
  'store-unreachable': { retryable: true },
  'store-missing': { retryable: false },
  'store-mismatch': { retryable: false },
  'store-refused': { retryable: false },
  'effect-fenced': { retryable: false },
  'bus-unreachable': { retryable: true },
  'bus-refused': { retryable: false },
  'bus-closed': { retryable: false },
  'storage-corrupt': { retryable: false },
  'storage-full': { retryable: true },
  'storage-failed': { retryable: true },
  'port-in-use': { retryable: false },
  'address-missing': { retryable: false },
  'address-malformed': { retryable: false },
  'deadline-exceeded': { retryable: true },
  'engine-overloaded': { retryable: true, turnedAway: true },
  'engine-failed': { retryable: true },
  'request-refused': { retryable: false },
  'server-overloaded': { retryable: true, turnedAway: true },
  'model-missing': { retryable: false },
  'schema-malformed': { retryable: false },
  'schema-missing': { retryable: false },
  'schema-incompatible': { retryable: false },
  'event-malformed': { retryable: false },
  'registry-unreachable': { retryable: true },
  'registry-refused': { retryable: false },
} as const;

export type KitErrorCode = keyof typeof CODES;

const BRAND = Symbol.for('penstock.error');

export interface KitErrorOptions {
  /** What a person can do about it. */
  readonly repair?: string;
  readonly cause?: unknown;
  /** Milliseconds after which whoever refused wants to be asked again. @default - it did not say */
  readonly retryAfterMs?: number;
}

/** A fault of a running service, with a literal code to switch on. */
export class KitError extends Error {
  override readonly name = 'KitError';
  readonly code: KitErrorCode;
  readonly retryable: boolean;
  readonly repair: string | undefined;
  /** Trying again sooner is refused again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: KitErrorCode, message: string, options: KitErrorOptions = {}) {
    super(
      `${message} [${code}]${options.repair === undefined ? '' : `; ${options.repair}`}`,
      'cause' in options ? { cause: options.cause } : {},
    );
    this.code = code;
    this.retryable = CODES[code].retryable;
    this.repair = options.repair;
    this.retryAfterMs = options.retryAfterMs;
    Object.defineProperty(this, BRAND, { value: 'kit' });
  }

  /** Works across duplicate copies of this package, where `instanceof` does not. */
  static is(error: unknown, code?: KitErrorCode): error is KitError {
    if (!(error instanceof Error) || (error as { [BRAND]?: unknown })[BRAND] !== 'kit') return false;
    return code === undefined || (error as KitError).code === code;
  }

  /** Nothing was done for the call: whoever was asked has too much to do, and wants to be asked again. */
  static isTurnedAway(error: unknown): error is KitError {
    return KitError.is(error) && 'turnedAway' in CODES[error.code];
  }
}
