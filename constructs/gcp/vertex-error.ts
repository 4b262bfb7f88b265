import { Duration } from '@penstock/model';

/** Every way in which something on Vertex AI is not made, or not taken down. */
export type VertexErrorCode =
  /** The API said no, and will say so again. */
  | 'request-refused'
  | 'credentials-refused'
  /** The API did not answer, or answered that it cannot now, for as long as was tried. */
  | 'api-unavailable'
  /** The API did not answer what may not be asked twice: whoever asked looks whether it was done. */
  | 'answer-lost'
  /** It was begun and failed. */
  | 'operation-failed'
  /** It was begun and did not end in time: the next run finds what has come of it. */
  | 'operation-late'
  /** Something of the same id is there that was not made here. */
  | 'not-ours';

const RETRYABLE: readonly VertexErrorCode[] = ['api-unavailable', 'answer-lost', 'operation-late'];

interface Answer {
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfter?: Duration;
  readonly cause?: unknown;
}

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
  /** As long as the API asks whoever comes again to wait. */
  readonly retryAfter: Duration;

  constructor(code: VertexErrorCode, path: string, message: string, answer: Answer = {}) {
    const { status, reason, retryAfter, cause } = answer;
    super(`${path}: ${message} [${code}]`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = RETRYABLE.includes(code);
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter ?? Duration.zero;
    Object.defineProperty(this, BRAND, { value: 'vertex' });
  }

  /** Works across duplicate copies of this module, where `instanceof` does not. */
  static is(error: unknown, code?: VertexErrorCode): error is VertexError {
    if (!(error instanceof Error) || (error as { [BRAND]?: unknown })[BRAND] !== 'vertex') return false;
    return code === undefined || (error as VertexError).code === code;
  }
}
