import type { Durability } from './profile.ts';
import type { SpecReader } from './spec-reader.ts';
import { Bytes, type BytesInput, Duration, type DurationInput, Rate, type RateInput } from './units.ts';

/** Work to be done once by one of many workers. */
export interface QueueSpec {
  /** Mean rate of arrival. */
  readonly arrivalRate: RateInput;
  /** Highest rate that lasts for a minute or more. @default - twice the arrival rate */
  readonly peakRate?: RateInput;
  /** The promise: from publish to effect. */
  readonly doneWithin: DurationInput;
  /** Deliveries before an item goes to the dead letters. @default 5 */
  readonly maxAttempts?: number;
  /** Wait after a failed attempt: doubles from `initial` up to `maximum`. */
  readonly backoff?: BackoffSpec;
  /**
   * What an accepted item survives. `fsync`: power loss of any one machine; `replicated`: loss of a machine, not of all
   * at once; `best-effort`: a broker restart may lose it. @default 'replicated'
   */
  readonly durability?: Durability;
  /** Largest payload with headers. @default '64 KiB' */
  readonly maxItemSize?: BytesInput;
  /**
   * How long an item may wait. One that nobody took by then is dropped by a broker and kept as a dead letter by the
   * embedded driver (docs/guarantees.md). @default '14 days'
   */
  readonly retention?: DurationInput;
  /** How long an effect is remembered, so that a repeated item has none. @default '7 days' */
  readonly idempotencyWindow?: DurationInput;
  /** How long a publisher goes on trying one publish. @default '2 minutes' */
  readonly publishRetryHorizon?: DurationInput;
  /** Numbers fixed by the author: checked, never adjusted. */
  readonly pinned?: QueuePins;
}

export interface BackoffSpec {
  /** @default '1 second' */
  readonly initial?: DurationInput;
  /** @default '1 minute' */
  readonly maximum?: DurationInput;
}

export interface QueuePins {
  /** @default - derived: the publish retry horizon, at least 2 minutes */
  readonly duplicateWindow?: DurationInput;
}

export interface QueueFacts {
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
  readonly doneWithin: Duration;
  readonly maxAttempts: number;
  readonly backoff: { readonly initial: Duration; readonly maximum: Duration };
  readonly durability: Durability;
  readonly maxItemSize: Bytes;
  readonly retention: Duration;
  readonly idempotencyWindow: Duration;
  readonly publishRetryHorizon: Duration;
  readonly pinned: { readonly duplicateWindow: Duration | undefined };
}

/** A queue with everything that follows from its facts. */
export interface ResolvedQueue extends Omit<QueueFacts, 'pinned'> {
  readonly id: string;
  readonly stream: string;
  readonly subject: string;
  readonly deadLetterStream: string;
  readonly deadLetterSubject: string;
  /** How long the broker refuses a second publish of the same key. */
  readonly duplicateWindow: Duration;
  /** Wait before attempt n + 1, by n - 1; the last one repeats. */
  readonly backoffSteps: readonly Duration[];
}

export function readQueue(reader: SpecReader): QueueFacts | undefined {
  const arrivalRate = readArrivals(reader);
  const backoff = reader.inner('backoff', 'optional');
  const initial = backoff.unitOr('initial', Duration, '1 second');
  const maximum = backoff.unitOr('maximum', Duration, '1 minute');
  backoff.finish();
  if (initial !== undefined && maximum !== undefined && initial.isLongerThan(maximum)) {
    backoff.report(
      'backoff-inverted',
      'maximum',
      maximum,
      `at least the initial ${initial}`,
      'raise the maximum or lower the initial wait',
    );
  }
  const pinned = reader.inner('pinned', 'optional');
  const duplicateWindow = pinned.optionalUnit('duplicateWindow', Duration);
  pinned.finish();
  return reader.complete<QueueFacts>({
    ...arrivalRate,
    doneWithin: reader.unit('doneWithin', Duration),
    maxAttempts: reader.countOr('maxAttempts', 5),
    backoff: initial !== undefined && maximum !== undefined ? { initial, maximum } : undefined,
    durability: reader.choiceOr('durability', ['fsync', 'replicated', 'best-effort'], 'replicated'),
    maxItemSize: reader.unitOr('maxItemSize', Bytes, '64 KiB'),
    retention: reader.unitOr('retention', Duration, '14 days'),
    idempotencyWindow: reader.unitOr('idempotencyWindow', Duration, '7 days'),
    publishRetryHorizon: reader.unitOr('publishRetryHorizon', Duration, '2 minutes'),
    pinned: { duplicateWindow },
  });
}

/** The two rates that queues and topics share. */
export function readArrivals(reader: SpecReader): {
  readonly arrivalRate: Rate | undefined;
  readonly peakRate: Rate | undefined;
} {
  const arrivalRate = reader.unit('arrivalRate', Rate);
  const peakRate = reader.optionalUnit('peakRate', Rate) ?? arrivalRate?.times(2);
  if (arrivalRate !== undefined && arrivalRate.perSecond <= 0) {
    reader.report(
      'value-out-of-range',
      'arrivalRate',
      arrivalRate,
      'a rate above 0',
      'write the mean rate, e.g. "1/h" for rare work',
    );
  } else if (arrivalRate !== undefined && peakRate !== undefined && peakRate.perSecond < arrivalRate.perSecond) {
    reader.report(
      'peak-below-mean',
      'peakRate',
      peakRate,
      `at least the arrival rate ${arrivalRate}`,
      'raise the peak rate or leave it out',
    );
  }
  return { arrivalRate, peakRate };
}
