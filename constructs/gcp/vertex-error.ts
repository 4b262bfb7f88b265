/** Every way in which a model is not deployed, or not taken down. */
export type VertexErrorCode =
  /** The API said no, and will say so again. */
  | 'request-refused'
  | 'credentials-refused'
  /** The API did not answer, or answered that it cannot now, for as long as was tried. */
  | 'api-unavailable'
  /** It was begun and failed. */
  | 'operation-failed'
  /** It was begun and did not end in time: the next run finds what has come of it. */
  | 'operation-late'
  /** Something of the same id is there that was not made here. */
  | 'not-ours';

const RETRYABLE: readonly VertexErrorCode[] = ['api-unavailable', 'operation-late'];
const BRAND = Symbol.for('penstock.error');

/** What Vertex AI would not or could not do. */
export class VertexError extends Error {
  override readonly name = 'VertexError';
  readonly code: VertexErrorCode;
  /** True where the same run may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Of the answer, where there was one. */
  readonly status: number | undefined;
  /** Google's own word, e.g. `FAILED_PRECONDITION`. */
  readonly reason: string | undefined;

  constructor(
    code: VertexErrorCode,
    path: string,
    message: string,
    { status, reason, cause }: { readonly status?: number; readonly reason?: string; readonly cause?: unknown } = {},
  ) {
    super(`${path}: ${message} [${code}]`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = RETRYABLE.includes(code);
    this.status = status;
    this.reason = reason;
    Object.defineProperty(this, BRAND, { value: 'vertex' });
  }

  /** Works across duplicate copies of this module, where `instanceof` does not. */
  static is(error: unknown, code?: VertexErrorCode): error is VertexError {
    if (!(error instanceof Error) || (error as { [BRAND]?: unknown })[BRAND] !== 'vertex') return false;
    return code === undefined || (error as VertexError).code === code;
  }
}
