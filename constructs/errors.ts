/** Every way a construct refuses its props. All are faults of what was written: none is retryable. */
export type ConstructErrorCode =
  | 'image-mutable'
  | 'durability-unavailable'
  | 'resources-too-small'
  | 'window-too-long'
  | 'deadline-too-short'
  | 'name-too-long'
  | 'name-malformed'
  | 'manifest-too-large'
  | 'reference-missing'
  | 'machine-unfit'
  | 'exposed-to-all'
  | 'dependency-cycle'
  | 'storage-too-small'
  | 'quantity-malformed'
  | 'range-unfit'
  | 'access-too-wide'
  | 'window-too-short'
  | 'settings-contradict'
  | 'configuration-malformed';

const BRAND = Symbol.for('penstock.error');

/** A construct cannot be made as asked; the code is literal, the message says what would be right. */
export class ConstructError extends Error {
  override readonly name = 'ConstructError';
  readonly code: ConstructErrorCode;
  readonly retryable = false;

  constructor(code: ConstructErrorCode, path: string, message: string) {
    super(`${path}: ${message} [${code}]`);
    this.code = code;
    Object.defineProperty(this, BRAND, { value: 'construct' });
  }

  /** Works across duplicate copies of this module, where `instanceof` does not. */
  static is(error: unknown, code?: ConstructErrorCode): error is ConstructError {
    if (!(error instanceof Error) || (error as { [BRAND]?: unknown })[BRAND] !== 'construct') return false;
    return code === undefined || (error as ConstructError).code === code;
  }
}
