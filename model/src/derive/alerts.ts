import type { ResolvedInferenceEngine } from '../engine.ts';
import type { BurnRateAlert } from '../objective.ts';
import type { ResolvedQueue } from '../queue.ts';
import type { ResolvedTopic, ResolvedTopicConsumer } from '../topic.ts';
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
  const { workTime, coldStart, idle } = worker;
  const facts = { doneWithin: queue.doneWithin, workTime, coldStart, idle };
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

/** What is watched of a topic and one of its consumers. */
export interface TopicAlerts {
  /** Lag in events that the whole group does not make up for in time, or that is about to be deleted unread. */
  readonly lagLimit: number;
  /** How long the lag may be there before somebody is told. */
  readonly lagFor: Duration;
  /** How long events may wait while the group reads none: ten of its slowest, a quarter of an hour at least. */
  readonly stuckFor: Duration;
}

/** A group that is behind for longer than this was not made for what arrives. */
const CATCH_UP = Duration.parse('1 hour');
/** Share of the retention after which an event that was not read is in danger. */
const UNREAD_SHARE = 0.5;
const TOPIC_LAG_HOLDS = Duration.parse('5 minutes');
const SHORTEST_STUCK = Duration.parse('15 minutes');
const SLOWEST_IN_A_ROW = 10;

/**
 * The limits of a consumer group. All replicas make up for (maxReplicas / mean - arrivalRate) events a second, so that is
 * what an hour is worth; by Little's law (L = lambda * W) the oldest of arrivalRate * retention / 2 unread events has half
 * of its time left, and the smaller of the two counts.
 */
export function topicAlerts(topic: ResolvedTopic, consumer: ResolvedTopicConsumer): TopicAlerts {
  const arrivals = topic.arrivalRate.perSecond;
  const spare = consumer.maxReplicas / consumer.workTime.mean.inSeconds - arrivals;
  const inDanger = arrivals * topic.retention.inSeconds * UNREAD_SHARE;
  return {
    // A group with nothing to spare never catches up: any lag is too much for it.
    lagLimit: Math.floor(Math.max(0, Math.min(spare * CATCH_UP.inSeconds, inDanger))),
    lagFor: TOPIC_LAG_HOLDS,
    stuckFor: Duration.max(consumer.workTime.p99.times(SLOWEST_IN_A_ROW).roundedUpToSeconds(), SHORTEST_STUCK),
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
  /** Requests that all replicas together get through within the promise: what may wait where they wait elsewhere. */
  readonly backlogLimit: number;
  /** How long a replica may be missing: the startup budget, a minute at least. */
  readonly missingFor: Duration;
}

/** Share of the waiting room after which the next burst is refused. */
const QUEUE_SHARE = 0.8;

/**
 * The limits of an engine: the floor is peakRequests * tokensPerRequest / replicas, the load that each replica was
 * derived to carry (`engineReplicasFor`); the batch limit is what the declaration was checked against. By Little's law
 * (L = lambda * W) replicas * tokenRate / tokensPerRequest * doneWithin requests are answered before the last is late.
 */
export function engineAlerts(engine: ResolvedInferenceEngine): EngineAlerts {
  return {
    batchLimit: engine.doneWithin.times(0.5),
    tokenRateFloor: Math.ceil((engine.peakRequests * engine.tokensPerRequest) / engine.replicas),
    busyShare: TARGET_UTILISATION,
    queueLimit: Math.floor(engine.maxQueueTokens * QUEUE_SHARE),
    firstTokenLimit: engine.doneWithin,
    replicas: engine.replicas,
    backlogLimit: Math.floor(
      (engine.replicas * engine.tokenRate.perSecond * engine.doneWithin.inSeconds) / engine.tokensPerRequest,
    ),
    missingFor: Duration.max(engine.startupBudget, SHORTEST_HOLD),
  };
}
