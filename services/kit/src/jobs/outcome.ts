import { DrainOver } from '../attempt.ts';
import { KitError } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import type { JobRecord } from './job.ts';
import { JobCancelled, Snooze } from './job-attempt.ts';
import type { Settlement } from './scripts/attempt.ts';
import type { RetryPolicy } from './task.ts';

/** How a job of a task that this worker does not know waits for one that does. */
const UNKNOWN_TASK_WAIT_MS = 30_000;

/**
 * What follows from an error that ended an attempt. Undefined: nothing may be settled, somebody else has the job.
 *
 * @param random from 0 to 1
 */
export function settlementOf(
  error: unknown,
  job: Pick<JobRecord, 'attempt' | 'maxAttempts' | 'deadlineAt'>,
  retry: RetryPolicy,
  now: number,
  random: number,
): Settlement | undefined {
  if (KitError.is(error, 'lease-lost') || KitError.is(error, 'effect-fenced')) return undefined;
  if (error instanceof JobCancelled) return { state: 'cancelled', reason: error.message };
  if (error instanceof Snooze) return { state: 'ready', runAt: now + error.ms, counted: false, failure: undefined };
  if (error instanceof DrainOver) return { state: 'ready', runAt: now, counted: false, failure: undefined };
  const failure = { code: codeOf(error), reason: reasonOf(error) };
  if (KitError.is(error, 'task-unknown'))
    return { state: 'ready', runAt: now + UNKNOWN_TASK_WAIT_MS, counted: false, failure };
  const asked = KitError.is(error) ? (error.retryAfterMs ?? 0) : 0;
  const runAt = now + Math.max(asked, backoffMs(retry.backoff, job.attempt, random));
  const isLast =
    !isRetryable(error, failure.code, retry) ||
    job.attempt >= job.maxAttempts ||
    (job.deadlineAt !== undefined && runAt >= job.deadlineAt);
  return isLast ? { state: 'failed', ...failure } : { state: 'ready', runAt, counted: true, failure };
}

/**
 * What an attempt says of what it called: a failure that another attempt may overcome speaks against it, a refusal that
 * is final was an answer. Undefined where it says nothing.
 */
export function downstreamOutcomeOf(error: unknown, retry: RetryPolicy): 'ok' | 'failed' | undefined {
  const isOwn = error instanceof JobCancelled || error instanceof Snooze || error instanceof DrainOver;
  const isOurs = ['lease-lost', 'effect-fenced', 'task-unknown', 'job-malformed'] as const;
  if (isOwn || isOurs.some((code) => KitError.is(error, code))) return undefined;
  return isRetryable(error, codeOf(error), retry) ? 'failed' : 'ok';
}

/** The policy's word counts before what the error says of itself; an error that says nothing is tried again. */
function isRetryable(error: unknown, code: string, { retryable = {} }: RetryPolicy): boolean {
  if (Object.hasOwn(retryable, code)) return retryable[code] as boolean;
  return (error as { readonly retryable?: unknown } | null)?.retryable !== false;
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'unknown';
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
