import type { Rate } from '../units.ts';
import { Duration } from '../units.ts';
import type { WorkTime } from '../work-time.ts';

/**
 * Share of a replica's time planned to be busy. Waiting grows with 1 / (1 - utilisation): beyond 0.7 a small surge
 * multiplies the queue (Kingman's formula).
 */
export const TARGET_UTILISATION = 0.7;

/** Replicas that are kept for availability even when one could carry the load: one may always be lost. */
export const MINIMUM_WARM_REPLICAS = 2;

/** Items in the system at once: L = lambda * W (Little's law). */
export const itemsInFlight = (rate: Rate, meanWork: Duration): number => rate.perSecond * meanWork.inSeconds;

/**
 * Items one replica works on at once: what it can, but not more than the whole peak needs.
 * min(itemsAtOnce, ceil(L / utilisation)).
 */
export function concurrencyFor(peakRate: Rate, work: WorkTime, itemsAtOnce: number): number {
  return Math.max(1, Math.min(itemsAtOnce, Math.ceil(itemsInFlight(peakRate, work.mean) / TARGET_UTILISATION)));
}

/** Replicas that carry a rate at the target utilisation: ceil(L / (concurrency * utilisation)). */
export function replicasFor(rate: Rate, work: WorkTime, concurrency: number): number {
  return Math.max(1, Math.ceil(itemsInFlight(rate, work.mean) / (concurrency * TARGET_UTILISATION)));
}

/** Replicas without which a rate cannot be carried at all, at full utilisation. */
export function leastReplicasFor(rate: Rate, work: WorkTime, concurrency: number): number {
  return Math.max(1, Math.ceil(itemsInFlight(rate, work.mean) / concurrency));
}

/** A round trip to the broker with room for one slow one; what a waiting item hides. */
const BROKER_ROUND_TRIP = Duration.milliseconds(20);

/**
 * Items one replica holds: those it works on, plus as many as it finishes during one round trip to the broker, so that
 * it never waits for the next one. concurrency + ceil(concurrency * roundTrip / mean).
 */
export function prefetchFor(concurrency: number, work: WorkTime): number {
  return concurrency + Math.ceil((concurrency * BROKER_ROUND_TRIP.microseconds) / work.mean.microseconds);
}
