import { Duration, Rate } from '../units.ts';
import type { WorkTime } from '../work-time.ts';
import { MINIMUM_WARM_REPLICAS, replicasFor, TARGET_UTILISATION } from './capacity.ts';

export interface ScalingFacts {
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
  readonly doneWithin: Duration;
  readonly workTime: WorkTime;
  readonly concurrency: number;
  readonly coldStart: Duration;
  readonly idle: 'keep-warm' | 'scale-to-zero';
}

/**
 * How often KEDA looks whether there is work for a worker that has no replica: a quarter of the promise, in whole
 * seconds from 5 to 30 (KEDA's default is 30).
 */
export function pollingIntervalFor(doneWithin: Duration): Duration {
  const quarter = Duration.seconds(doneWithin.times(0.25).toSeconds('down'));
  return Duration.min(Duration.max(quarter, Duration.seconds(5)), Duration.seconds(30));
}

/**
 * How often the HorizontalPodAutoscaler looks: `--horizontal-pod-autoscaler-sync-period` of kube-controller-manager, which
 * no cloud lets its users change.
 */
export const AUTOSCALER_SYNC = Duration.seconds(15);

/**
 * From the arrival of too much work until all replicas it needs are asked for. Between one and the most the
 * HorizontalPodAutoscaler looks by its own clock and KEDA only answers it (KEDA documentation, pollingInterval). From
 * none KEDA starts the first replica at its next look, and the autoscaler the others at its own.
 */
export const lookTime = ({ doneWithin, idle }: Pick<ScalingFacts, 'doneWithin' | 'idle'>): Duration =>
  idle === 'keep-warm' ? AUTOSCALER_SYNC : pollingIntervalFor(doneWithin).plus(AUTOSCALER_SYNC);

/** From the arrival of too much work until the replicas it needs take their first items: a look and a cold start. */
export const reactionTime = (facts: Pick<ScalingFacts, 'doneWithin' | 'coldStart' | 'idle'>): Duration =>
  lookTime(facts).plus(facts.coldStart);

/** Time an item can wait before its work has to begin: the promise less p99. */
export const slack = (facts: Pick<ScalingFacts, 'doneWithin' | 'workTime'>): Duration =>
  facts.doneWithin.minus(facts.workTime.p99);

/**
 * Fewest and most replicas. The most carry the peak at the target utilisation. The fewest carry the mean rate, unless
 * new replicas would come too late to keep the promise: then the peak has to be carried warm.
 */
export function replicaBoundsFor(facts: ScalingFacts): { readonly min: number; readonly max: number } {
  const peak = replicasFor(facts.peakRate, facts.workTime, facts.concurrency);
  if (facts.idle === 'scale-to-zero') return { min: 0, max: peak };
  const max = Math.max(peak, MINIMUM_WARM_REPLICAS);
  if (reactionTime(facts).isLongerThan(slack(facts))) return { min: max, max };
  return {
    min: Math.max(replicasFor(facts.arrivalRate, facts.workTime, facts.concurrency), MINIMUM_WARM_REPLICAS),
    max,
  };
}

/** Share of the slack that a backlog may use; it goes on growing while the scaler reacts. */
const BACKLOG_SHARE = 0.5;

/**
 * Lag (waiting and in flight) one replica can hold and still keep the promise: those it works on, and those it gets
 * through in half of what is left of the slack after the scaler's reaction.
 * concurrency + floor(concurrency / mean * max(0, slack - reaction) * 0.5).
 */
export function lagThresholdFor(facts: ScalingFacts): number {
  const room = slack(facts).minus(reactionTime(facts)).times(BACKLOG_SHARE);
  return facts.concurrency + Math.floor((facts.concurrency * room.microseconds) / facts.workTime.mean.microseconds);
}

/**
 * Items a second that one replica carries at the target utilisation: concurrency / mean * utilisation. The scaler's
 * target for the arrival rate, which rises before a backlog has grown; `replicasFor` read from the other side.
 */
export function ratePerReplicaFor(workTime: Pick<WorkTime, 'mean'>, concurrency: number): Rate {
  return Rate.perSecond(decimal((concurrency * TARGET_UTILISATION) / workTime.mean.inSeconds));
}

/** Without the last digits of binary arithmetic, which would stand in every fingerprint. */
const decimal = (value: number): number => Number(value.toPrecision(12));

/** From a rise of the load until the autoscaler acts on it: 15 s between two measurements, and then its look. */
const AUTOSCALER_LOOK = Duration.seconds(15).plus(AUTOSCALER_SYNC);

export interface WarmFacts {
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
  /** From the mean rate to the peak; undefined where nothing follows the load. */
  readonly peakWithin: Duration | undefined;
  readonly requestTime: WorkTime;
  readonly requestsAtOnce: number;
  readonly coldStart: Duration;
}

/**
 * Fewest and most replicas of a service whose requests cannot wait. The most carry the peak. The fewest carry the mean
 * and what comes on top while a replica is on its way: mean + (peak - mean) * min(1, reaction / peakWithin).
 */
export function warmReplicaBoundsFor(facts: WarmFacts): { readonly min: number; readonly max: number } {
  const { arrivalRate, peakRate, peakWithin, coldStart, requestTime, requestsAtOnce } = facts;
  const replicas = (rate: Rate): number =>
    Math.max(replicasFor(rate, requestTime, requestsAtOnce), MINIMUM_WARM_REPLICAS);
  const max = replicas(peakRate);
  const reaction = AUTOSCALER_LOOK.plus(coldStart);
  if (peakWithin === undefined || !peakWithin.isLongerThan(reaction)) return { min: max, max };
  const share = reaction.microseconds / peakWithin.microseconds;
  const risen = arrivalRate.perSecond + (peakRate.perSecond - arrivalRate.perSecond) * share;
  return { min: replicas(Rate.perSecond(risen)), max };
}

const SHORTEST_COOLDOWN = Duration.seconds(300);

/** Quiet time before scaling in: twice the cold start, so that a pause does not cost a start; at least KEDA's 5 minutes. */
export function cooldownFor(coldStart: Duration): Duration {
  return Duration.max(coldStart.times(2).roundedUpToSeconds(), SHORTEST_COOLDOWN);
}
