import type { ResolvedInferenceEngine } from '../engine.ts';
import type { BurnRateAlert } from '../objective.ts';
import type { ResolvedQueue } from '../queue.ts';
import { Duration } from '../units.ts';
import type { ResolvedWorker } from '../worker.ts';
import { TARGET_UTILISATION } from './capacity.ts';
import { reactionTime, slack } from './scaling.ts';

/**
 * Multi-window burn rates of the Google SRE Workbook, chapter 5 ("Alerting on SLOs"): 2 % of a 30-day budget
 * in an hour, 5 % in six hours, 10 % in three days. The short window is a twelfth of the long one, so that an alert ends
 * soon after its cause. A rate is share * window / longWindow, so it follows the window that was declared.
 */
const POLICY = [
  { severity: 'page', budgetShare: 0.02, longWindow: '1 hour', shortWindow: '5 minutes' },
  { severity: 'page', budgetShare: 0.05, longWindow: '6 hours', shortWindow: '30 minutes' },
  { severity: 'ticket', budgetShare: 0.1, longWindow: '3 days', shortWindow: '6 hours' },
] as const;

/** The alerts of an objective; `threshold` is burnRate * errorBudget. */
export function burnRateAlertsFor(errorBudget: number, window: Duration): readonly BurnRateAlert[] {
  return POLICY.map(({ severity, budgetShare, longWindow, shortWindow }) => {
    const long = Duration.parse(longWindow);
    const burnRate = Number(((budgetShare * window.microseconds) / long.microseconds).toPrecision(12));
    return {
      severity,
      longWindow: long,
      shortWindow: Duration.parse(shortWindow),
      burnRate,
      threshold: Number((burnRate * errorBudget).toPrecision(12)),
    };
  });
}

/** What is watched of a queue and its worker, beside the objectives. */
export interface QueueAlerts {
  /** Age that no item may reach: the promise itself. */
  readonly ageLimit: Duration;
  /** Lag (waiting and in flight) that all replicas together do not get through within the promise. */
  readonly lagLimit: number;
  /** How long the lag may be there before somebody is told: the time the scaler has to react, a minute at least. */
  readonly lagFor: Duration;
  /** How long work may wait with no replica at all: twice the scaler's reaction, a minute at least. */
  readonly startFor: Duration;
}

const SHORTEST_HOLD = Duration.seconds(60);

/**
 * The limits of a queue. By Little's law (L = lambda * W) the most replicas, each with `concurrency` items in hand, get
 * through maxReplicas * concurrency * (slack / mean + 1) items before the newest of them is late.
 */
export function queueAlerts(queue: ResolvedQueue, worker: ResolvedWorker): QueueAlerts {
  const facts = { doneWithin: queue.doneWithin, workTime: worker.workTime, coldStart: worker.coldStart };
  const atOnce = worker.maxReplicas * worker.concurrency;
  const rounds = slack(facts).microseconds / worker.workTime.mean.microseconds;
  const reaction = reactionTime(facts);
  return {
    ageLimit: queue.doneWithin,
    lagLimit: atOnce + Math.floor(atOnce * rounds),
    lagFor: Duration.max(reaction.roundedUpToSeconds(), SHORTEST_HOLD),
    startFor: Duration.max(reaction.times(2).roundedUpToSeconds(), SHORTEST_HOLD),
  };
}

/** What is watched of an engine. */
export interface EngineAlerts {
  /** Longest that one batch may take: a request waits for one and rides in the next. */
  readonly batchLimit: Duration;
  /** Tokens a second below which the replicas no longer carry the peak, for each of them. */
  readonly tokenRateFloor: number;
  /** Share of its time a replica is planned to compute; only above it does a low token rate say anything. */
  readonly busyShare: number;
  /** Tokens waiting in one replica above which requests are about to be refused. */
  readonly queueLimit: number;
  /** Longest to the first token: the whole answer is promised within this time. */
  readonly firstTokenLimit: Duration;
  /** Replicas that carry the peak. */
  readonly replicas: number;
  /** How long a replica may be missing: the startup budget, a minute at least. */
  readonly missingFor: Duration;
}

/** Share of the waiting room after which the next burst is refused. */
const QUEUE_SHARE = 0.8;

/**
 * The limits of an engine: the floor is peakRequests * tokensPerRequest / replicas, the load that each replica was
 * derived to carry (`engineReplicasFor`); the batch limit is what the declaration was checked against.
 */
export function engineAlerts(engine: ResolvedInferenceEngine): EngineAlerts {
  return {
    batchLimit: engine.doneWithin.times(0.5),
    tokenRateFloor: Math.ceil((engine.peakRequests * engine.tokensPerRequest) / engine.replicas),
    busyShare: TARGET_UTILISATION,
    queueLimit: Math.floor(engine.maxQueueTokens * QUEUE_SHARE),
    firstTokenLimit: engine.doneWithin,
    replicas: engine.replicas,
    missingFor: Duration.max(engine.startupBudget, SHORTEST_HOLD),
  };
}
