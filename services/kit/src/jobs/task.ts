import { Duration, type DurationInput, type RateInput } from '@penstock/model';
import type { z } from 'zod';
import { KitError } from '../errors.ts';

/** A kind of job: its payload, and everything that holds for every job of the kind. */
export interface TaskSpec<Name extends string, Payload, Result> {
  readonly name: Name;
  /** Version of the payload that `add` writes. @default 1 */
  readonly version?: number;
  readonly payload: z.ZodType<Payload>;
  /** What a handler returns; handed to jobs that need this one. @default - nothing is kept */
  readonly result?: z.ZodType<Result>;
  /** How a payload of version n becomes one of n + 1, for every n that may still lie in a store. */
  readonly upgrades?: Readonly<Record<number, (payload: unknown) => unknown>>;
  readonly retry?: RetryPolicy;
  /** How long the key of a job is remembered. @default '7 days' */
  readonly idempotencyWindow?: DurationInput;
  /** From adding to success; after it the job fails with `deadline-exceeded`. @default - never */
  readonly deadline?: DurationInput;
  /** What it calls that may be down: while the circuit breaker of that name is open, no job is released. */
  readonly downstream?: string;
  /** For each limit key, over all workers. */
  readonly limits?: TaskLimits;
}

export interface RetryPolicy {
  /** Attempts in all. @default 5 */
  readonly maxAttempts?: number;
  /** @default - exponential from 1 second to 5 minutes, with full jitter */
  readonly backoff?: BackoffPolicy;
  /** By the code of an error: whether another attempt can help. @default - what the error says of itself, else true */
  readonly retryable?: Readonly<Record<string, boolean>>;
  /** Attempts that may end with a dead process before the job is taken for the cause. @default 3 */
  readonly maxCrashes?: number;
}

export type BackoffPolicy =
  | { readonly kind: 'fixed'; readonly every: DurationInput; readonly jitter?: Jitter }
  | {
      readonly kind: 'exponential';
      readonly initial: DurationInput;
      readonly maximum: DurationInput;
      /** @default 2 */
      readonly factor?: number;
      readonly jitter?: Jitter;
    };

/** `full`: anything from nothing to the whole wait; `equal`: from a half to the whole. @default 'full' */
export type Jitter = 'none' | 'equal' | 'full';

export interface TaskLimits {
  /** Released or running at once. */
  readonly concurrency?: number;
  /** Released per time, evenly, with bursts of at most `burst`. */
  readonly rate?: RateInput;
  /** @default 1 */
  readonly burst?: number;
}

/** A task that was checked; what producers add by and workers handle by. */
export interface Task<Name extends string = string, Payload = unknown, Result = unknown>
  extends TaskSpec<Name, Payload, Result> {
  readonly version: number;
  readonly idempotencyWindowMs: number;
}

export type PayloadOf<T> = T extends Task<string, infer Payload, unknown> ? Payload : never;
export type ResultOf<T> = T extends Task<string, unknown, infer Result> ? Result : never;

const DEFAULT_IDEMPOTENCY_WINDOW = '7 days';

/**
 * Checks a task and fills in what it leaves open.
 *
 * @throws {KitError} `tasks-malformed` for a retry that cannot be; {ModelError} for a duration that cannot be read
 */
export function defineTask<const Name extends string, Payload, Result = undefined>(
  spec: TaskSpec<Name, Payload, Result>,
): Task<Name, Payload, Result> {
  checkRetry(spec.name, spec.retry);
  const window = durationOf(spec.idempotencyWindow ?? DEFAULT_IDEMPOTENCY_WINDOW);
  return { ...spec, version: spec.version ?? 1, idempotencyWindowMs: window.toMilliseconds() };
}

const durationOf = (input: DurationInput): Duration => (Duration.is(input) ? input : Duration.parse(input));

/** A backoff is read when a job fails: what is wrong with it has to be known before. */
function checkRetry(task: string, { maxAttempts = 1, maxCrashes = 1, backoff }: RetryPolicy = {}): void {
  const check = (isRight: boolean, path: string, received: unknown, expected: string): void => {
    if (isRight) return;
    const what = `task ${task}: retry.${path}: received ${JSON.stringify(received)}, expected ${expected}`;
    throw new KitError('tasks-malformed', what, { repair: 'correct it where the task is defined' });
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  check(isCount(maxAttempts), 'maxAttempts', maxAttempts, 'a whole number, 1 or more');
  check(isCount(maxCrashes), 'maxCrashes', maxCrashes, 'a whole number, 1 or more');
  if (backoff === undefined) return;
  const { kind, jitter } = backoff;
  check(JITTERS.includes(jitter ?? 'full'), 'backoff.jitter', jitter, JITTERS.join(', '));
  if (backoff.kind === 'fixed') return void durationOf(backoff.every);
  check(backoff.kind === 'exponential', 'backoff.kind', kind, 'fixed or exponential');
  const { initial, maximum, factor = 1 } = backoff;
  check(Number.isFinite(factor) && factor >= 1, 'backoff.factor', factor, 'a number, 1 or more');
  const isRising = durationOf(maximum).toMilliseconds('up') >= durationOf(initial).toMilliseconds('up');
  check(isRising, 'backoff.maximum', String(maximum), `no less than initial, ${String(initial)}`);
}

const JITTERS: readonly Jitter[] = ['none', 'equal', 'full'];
