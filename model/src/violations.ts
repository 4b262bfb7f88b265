/** Every fault a declaration or a profile can have. Closed: a new code needs a minimal failing case in the tests. */
export const VIOLATION_CODES = [
  // what was written
  'field-unknown',
  'field-missing',
  'unit-malformed',
  'value-out-of-range',
  'choice-unknown',
  'name-illegal',
  'name-too-long',
  'name-taken',
  'reference-unknown',
  // relations between facts
  'percentile-below-mean',
  'peak-below-mean',
  'backoff-inverted',
  'retention-too-short',
  'deadline-unreachable',
  'queue-unconsumed',
  'queue-contested',
  'service-kind-mismatch',
  'call-undeclared',
  'call-missing',
  'call-slower-than-work',
  'publish-undeclared',
  'publish-missing',
  'payload-mismatch',
  'publishers-exceed-peak',
  'schedule-malformed',
  'schedule-never',
  'time-zone-unknown',
  'run-exceeds-interval',
  // pinned numbers against derived ones
  'ack-wait-too-short',
  'prefetch-exceeds-lease',
  'max-ack-pending-too-small',
  'replicas-inverted',
  'replicas-insufficient',
  'replicas-exceed-partitions',
  'scale-to-zero-too-slow',
  'cooldown-too-short',
  'grace-too-short',
  'duplicate-window-too-short',
  // engines
  'batch-too-small',
  'batch-exceeds-deadline',
  'memory-exceeded',
  'accelerator-mismatch',
  'accelerator-unsupported',
  // objectives
  'objective-unalertable',
  // profiles
  'profile-missing',
  'profile-malformed',
  'profile-version-unsupported',
  'profile-mismatch',
] as const;

export type ViolationCode = (typeof VIOLATION_CODES)[number];

/** One fault: where the author wrote it, what was found, what would be right, and one change that repairs it. */
export interface Violation<Code extends string = ViolationCode> {
  readonly code: Code;
  /** The path as written, e.g. `workers.classify.pinned.ackWait`. */
  readonly path: string;
  readonly received: string;
  readonly expected: string;
  readonly repair: string;
}

const BRAND = Symbol.for('penstock.error');

/** All faults of one declaration, profile or value. Never retryable: the same input fails again. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly retryable = false;
  readonly violations: readonly [Violation, ...Violation[]];

  constructor(violations: readonly [Violation, ...Violation[]]) {
    super(formatViolations(violations));
    this.violations = violations;
    Object.defineProperty(this, BRAND, { value: 'model' });
  }

  /** The code of the first fault, for callers that switch on one. */
  get code(): ViolationCode {
    return this.violations[0].code;
  }

  /** Works across duplicate copies of this package, where `instanceof` does not. */
  static is(error: unknown): error is ModelError {
    return error instanceof Error && (error as { [BRAND]?: unknown })[BRAND] === 'model';
  }
}

/** A report for people: a count, then each fault with its path, code and repair. */
export function formatViolations(violations: readonly Violation<string>[]): string {
  const heading = violations.length === 1 ? '1 violation' : `${violations.length} violations`;
  const blocks = violations.map(
    (v) =>
      `  ${v.path}  [${v.code}]\n    received  ${v.received}\n    expected  ${v.expected}\n    repair    ${v.repair}`,
  );
  return [heading, ...blocks].join('\n\n');
}

/** Collects faults while a declaration is read, so that the author sees all of them at once. */
export class Violations {
  readonly #found: Violation[] = [];

  add(violation: Violation): void {
    this.#found.push(violation);
  }

  get count(): number {
    return this.#found.length;
  }

  /** @throws {ModelError} with everything collected, when there is anything. */
  throwIfAny(): void {
    const [first, ...rest] = this.#found;
    if (first !== undefined) throw new ModelError([first, ...rest]);
  }
}
