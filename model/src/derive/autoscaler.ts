import { Duration, type Rate } from '../units.ts';
import type { ResolvedWorker } from '../worker.ts';

// How many replicas a worker gets, as the two parts of a cluster decide it: KEDA between none and one, the
// HorizontalPodAutoscaler from one to the most. What runs processes on one machine decides by the same function, and a
// test holds it against the manifests. Times are milliseconds since the epoch, told by whoever looks.

/** Something that replicas are added and taken away by. */
export interface ScalingSignal {
  readonly name: 'backlog' | 'arrival-rate';
  /** Of all replicas together; undefined while nobody can say. */
  readonly value: number | undefined;
  /** What one replica may have of it. */
  readonly target: number;
  /** Above it there is something to do: the first replica is woken, and the last one stays. */
  readonly activation: number;
}

/** What is known of the work: items that wait or are in work, and items a second that come. */
export interface WorkSeen {
  readonly backlog: number | undefined;
  /** Left out where nobody measures it: the backlog decides alone. */
  readonly arrivalRate?: number | undefined;
}

/** The signals of a worker, as its triggers state them: a rate never wakes, since it says nothing of work that waits. */
export function scalingSignals(
  { lagThreshold, ratePerReplica }: Pick<ResolvedWorker, 'lagThreshold' | 'ratePerReplica'>,
  seen: WorkSeen,
): readonly ScalingSignal[] {
  const backlog: ScalingSignal = { name: 'backlog', value: seen.backlog, target: lagThreshold, activation: 0 };
  if (!('arrivalRate' in seen)) return [backlog];
  const target = rateTarget(ratePerReplica);
  return [backlog, { name: 'arrival-rate', value: seen.arrivalRate, target, activation: target }];
}

/** A rate as a scaler compares it: rounded down, since a target that is too high asks for too little, never to nothing. */
export const rateTarget = ({ perSecond }: Rate): number => Math.max(1, thousandthsOf(perSecond)) / 1_000;

/** What a rate of arrival is averaged over: four samples of a Prometheus that looks every 30 s. */
export const ARRIVAL_WINDOW = Duration.seconds(120);

/**
 * How far what replicas have may be from their target before anything changes:
 * `--horizontal-pod-autoscaler-tolerance` of kube-controller-manager, whose default no cloud lets its users change.
 */
export const AUTOSCALER_TOLERANCE = 0.1;

/** Growth within one period: the larger of the two, the autoscaler's own default. What is too much may go at once. */
export const GROWTH = { percent: 100, replicas: 4, period: Duration.seconds(15) } as const;

/**
 * Replicas that one signal asks for: ceil(value / target), or those there are while |1 - value / (target * replicas)| is
 * within the tolerance (`GetExternalPerPodMetricReplicas` of Kubernetes 1.34). Undefined where the signal is blind.
 */
export function replicasAskedFor({ value, target }: ScalingSignal, replicas: number): number | undefined {
  if (value === undefined) return undefined;
  // In thousandths, as a metric travels: whole numbers, so that three times the target is never a little more.
  const usage = thousandthsOf(value);
  const each = thousandthsOf(target);
  const ratio = usage / (each * replicas);
  const isNear = ratio >= 1 - AUTOSCALER_TOLERANCE && ratio <= 1 + AUTOSCALER_TOLERANCE;
  return isNear ? replicas : Math.ceil(usage / each);
}

interface Moment {
  readonly at: number;
  readonly replicas: number;
}

/** What a scaler remembers between two looks. */
export interface ScalerMemory {
  /** What was asked for: the highest of a cooldown is what is kept. */
  readonly asked: readonly Moment[];
  readonly added: readonly Moment[];
  readonly removed: readonly Moment[];
  /** When there was something to do last, or the first look. */
  readonly activeAt: number | undefined;
}

export const NO_MEMORY: ScalerMemory = { asked: [], added: [], removed: [], activeAt: undefined };

export type ScalingBounds = Pick<ResolvedWorker, 'minReplicas' | 'maxReplicas' | 'cooldown'>;

export interface Look {
  readonly now: number;
  /** Those that were asked for last. */
  readonly replicas: number;
  readonly signals: readonly ScalingSignal[];
}

/** One look of the scaler: how many replicas there shall be, and what it remembers for the next one. */
export function scale(
  bounds: ScalingBounds,
  look: Look,
  { asked, added, removed, ...before }: ScalerMemory,
): { readonly replicas: number; readonly memory: ScalerMemory } {
  const { now, replicas, signals } = look;
  const isActive = signals.some(({ value, activation }) => value !== undefined && value > activation);
  const activeAt = isActive ? now : (before.activeAt ?? now);
  // The first look counts as one that asked for what there was.
  const memory = { asked: asked.length === 0 ? [{ at: now, replicas }] : asked, added, removed, activeAt };
  const woken = wake(bounds, look, isActive, activeAt);
  return woken === undefined ? steer(bounds, look, memory) : { replicas: woken, memory };
}

/** KEDA's part: from none to one at the first sign of work, to none after a cooldown without any. */
function wake(bounds: ScalingBounds, look: Look, isActive: boolean, activeAt: number): number | undefined {
  if (bounds.minReplicas > 0) return undefined;
  const { now, replicas, signals } = look;
  // The autoscaler does not steer what is not there.
  if (replicas === 0) return isActive ? 1 : 0;
  const isBlind = signals.some(({ value }) => value === undefined);
  return !isActive && !isBlind && now - activeAt >= windowMs(bounds) ? 0 : undefined;
}

/** The autoscaler's part: the most that a signal asks for, up as fast as growth allows, down after a cooldown. */
function steer(bounds: ScalingBounds, { now, replicas, signals }: Look, memory: ScalerMemory) {
  const least = Math.max(1, bounds.minReplicas);
  const most = bounds.maxReplicas;
  if (replicas < least || replicas > most) return moved(memory, now, replicas, replicas < least ? least : most);
  const asks = signals.map((signal) => replicasAskedFor(signal, replicas));
  const seen = asks.filter((ask) => ask !== undefined);
  const ask = Math.max(...seen);
  // While a signal is blind the others may add, and nothing is taken away.
  if (seen.length === 0 || (seen.length < asks.length && ask < replicas)) return { replicas, memory };
  const past = memory.asked.filter(({ at }) => at > now - windowMs(bounds));
  const kept = Math.min(Math.max(replicas, ask), Math.max(ask, ...past.map((moment) => moment.replicas)));
  const asked = [...past, { at: now, replicas: ask }];
  const to = kept > replicas ? Math.min(kept, grown(memory, now, replicas), most) : Math.max(kept, least);
  return moved({ ...memory, asked }, now, replicas, to);
}

/** The most that growth allows, counted from what there was at the beginning of the period. */
function grown({ added, removed }: ScalerMemory, now: number, replicas: number): number {
  const sum = (moments: readonly Moment[]): number =>
    inPeriod(moments, now).reduce((all, each) => all + each.replicas, 0);
  const before = replicas - sum(added) + sum(removed);
  return Math.max(replicas, before + GROWTH.replicas, Math.ceil(before * (1 + GROWTH.percent / 100)));
}

function moved({ added, removed, ...memory }: ScalerMemory, now: number, from: number, to: number) {
  const noted = (moments: readonly Moment[], by: number): readonly Moment[] =>
    by > 0 ? [...inPeriod(moments, now), { at: now, replicas: by }] : inPeriod(moments, now);
  return { replicas: to, memory: { ...memory, added: noted(added, to - from), removed: noted(removed, from - to) } };
}

const inPeriod = (moments: readonly Moment[], now: number): readonly Moment[] =>
  moments.filter(({ at }) => at > now - GROWTH.period.toMilliseconds());

const windowMs = ({ cooldown }: ScalingBounds): number => cooldown.toSeconds('up') * 1_000;

/** As Kubernetes carries a metric: whole thousandths, rounded down. */
const thousandthsOf = (value: number): number => Math.floor(Number((value * 1_000).toPrecision(12)));
