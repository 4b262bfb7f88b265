import { formatViolations, type Violation } from '@penstock/model';
import { ConstructError, type ConstructErrorCode } from '../../constructs/errors.ts';

/** What is wrong with one fact of an environment, at the path that it was written at. */
export type EnvironmentFault = Violation<ConstructErrorCode>;

const BRAND = Symbol.for('penstock.error');

/** All faults of all environments. Never retryable: the same facts fail again. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly retryable = false;
  readonly faults: readonly [EnvironmentFault, ...EnvironmentFault[]];

  constructor(faults: readonly [EnvironmentFault, ...EnvironmentFault[]]) {
    super(formatViolations(faults));
    this.faults = faults;
    Object.defineProperty(this, BRAND, { value: 'environment' });
  }

  /** The code of the first fault, for callers that switch on one. */
  get code(): ConstructErrorCode {
    return this.faults[0].code;
  }

  /** Works across duplicate copies of this module, where `instanceof` does not. */
  static is(error: unknown): error is EnvironmentError {
    return error instanceof Error && (error as { [BRAND]?: unknown })[BRAND] === 'environment';
  }
}

/** What a construct would refuse, as a fault at the path where its cause was written; none where it would not. */
export function refusalOf(
  made: () => unknown,
  written: Pick<EnvironmentFault, 'path' | 'received' | 'repair'>,
): readonly EnvironmentFault[] {
  try {
    made();
    return [];
  } catch (error) {
    if (!ConstructError.is(error)) throw error;
    return [{ code: error.code, ...written, expected: error.message.replace(/ \[[a-z-]+\]$/, '') }];
  }
}
