import { Duration, type DurationInput } from '@penstock/model';
import type { BackoffPolicy, Jitter } from './task.ts';

const DEFAULT_BACKOFF: BackoffPolicy = { kind: 'exponential', initial: '1 second', maximum: '5 minutes' };
const DEFAULT_FACTOR = 2;

/**
 * Milliseconds to wait after attempt number `attempt` failed.
 *
 * @param random from 0 to 1: many jobs that failed together must not come back together
 */
export function backoffMs(policy: BackoffPolicy = DEFAULT_BACKOFF, attempt: number, random: number): number {
  return Math.round(jittered(waitMs(policy, attempt), policy.jitter ?? 'full', random));
}

function waitMs(policy: BackoffPolicy, attempt: number): number {
  if (policy.kind === 'fixed') return durationMs(policy.every);
  const factor = policy.factor ?? DEFAULT_FACTOR;
  // The exponent of an old job overflows long before its wait does.
  return Math.min(durationMs(policy.initial) * factor ** (attempt - 1), durationMs(policy.maximum));
}

function jittered(ms: number, jitter: Jitter, random: number): number {
  if (jitter === 'none') return ms;
  return jitter === 'full' ? ms * random : ms / 2 + (ms / 2) * random;
}

export const durationMs = (input: DurationInput): number =>
  (Duration.is(input) ? input : Duration.parse(input)).toMilliseconds('up');
