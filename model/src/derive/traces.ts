import type { ResolvedInferenceEngine } from '../engine.ts';
import type { ResolvedHttpService } from '../http-service.ts';
import type { ResolvedQueue } from '../queue.ts';
import type { ResolvedResources } from '../resources.ts';
import type { ResolvedTopic } from '../topic.ts';
import type { Topology } from '../topology.ts';
import { Bytes, Duration, type Rate } from '../units.ts';
import type { ResolvedWorker } from '../worker.ts';
import { MINIMUM_WARM_REPLICAS } from './capacity.ts';

/** Spans of an item: its publish, the attempt, the job within it, the settlement. */
const SPANS_PER_ITEM = 4;
/** Traces of an item: of whoever published it, and of the attempt, which links to that. */
const TRACES_PER_ITEM = 2;
/** Spans of a request to an engine: the caller's and the engine's own, in the caller's trace. */
const SPANS_PER_CALL = 2;
/** Spans of a request to a service: of the request, and of what it adds. */
const SPANS_PER_REQUEST = 2;

/** How long a service holds spans before it sends them; what the kit does. */
const EXPORT_DELAY = Duration.seconds(1);
/** An attempt may take longer than nearly all, and is decided about as a whole all the same. */
const TRACE_MARGIN = 2;
/** In one request of a service, which a queue takes whole or not at all. */
const SPANS_AT_ONCE = 512;
/** What a back end may be away for before anything is lost, while every trace is one to keep. */
const BACKEND_OUTAGE = Duration.seconds(30);

/** From a replica that went until the others know and have sent again what was on its way to it. */
const REROUTING = Duration.seconds(10);

/** Of a span in the collector, with its attributes. A stand-in: docs/adr/0012. */
const SPAN_SIZE = Bytes.parse('2 KiB');
/** The heap of a Go process is collected when it has doubled. */
const HEAP_GROWTH = 2;
/** Of a collector that has nothing to do. Measured: docs/adr/0012. */
const IDLE_MEMORY = Bytes.parse('128 MiB');
const MEMORY_STEP = Bytes.parse('64 MiB');
/** Of the limit, above which spans are refused: the rest is for what is being worked on. */
const USABLE_SHARE = 0.8;
/** Received, passed on by the id of its trace, received again, decided about. A stand-in: docs/adr/0012. */
const SPANS_PER_CORE = 10_000;
const LEAST_CPU = 0.1;

/** What is recorded of a platform, and what a collector needs to decide what is kept of it. */
export interface TraceLoad {
  /** At peak, over all services. */
  readonly spansPerSecond: number;
  /** At peak. */
  readonly tracesPerSecond: number;
  /** Share of the traces without anything remarkable that is kept, from 0 to 1. */
  readonly keptShare: number;
  /** Longest from the first span of a trace until it is decided about, whatever is still missing. */
  readonly decisionWait: Duration;
  /** From the end of a trace's root until it is decided about: what other processes still hold has come by then. */
  readonly settleTime: Duration;
  /** Traces that are slow for what was declared, and are kept for it. */
  readonly slow: readonly SlowTraces[];
  readonly replicas: number;
  /** Of each replica. */
  readonly tracesHeld: number;
  /** Of each replica: spans on their way to the one that decides about their trace, at most. */
  readonly spansRouted: number;
  /** Of each replica: spans that wait for the back end at most. */
  readonly spansQueued: number;
  /** Of each replica. */
  readonly resources: ResolvedResources;
}

export interface SlowTraces {
  /** Id of the worker or service. */
  readonly workload: string;
  readonly above: Duration;
}

/**
 * What a collector of traces needs, from the rates of what it records.
 *
 * - spans a second: 4 * queues + 2 * engine requests + 2 * service requests + topics * (1 + consumers), each at its peak
 * - kept share: kept / (2 * queues + service requests + other engine requests + topics * (1 + consumers)), at the mean rates
 * - decision wait: 2 * longest p99 + 2 * export delay (1 s)
 * - replicas: one for each 10,000 spans a second and one more, at least 2: each is sized for its part when one is lost
 * - memory of a replica: (idle + 2 * 2 KiB * spans * (decision wait + 10 s on the way + 30 s of an outage)) / 0.8, in steps
 *   of 64 MiB
 *
 * @param kept of the traces without anything remarkable, over the whole platform
 */
export function traceLoad(topology: Topology, kept: Rate): TraceLoad {
  const at = (pick: (rates: Rates) => Rate): Recorded => recordedAt(topology, pick);
  const peak = at(({ peakRate }) => peakRate);
  const mean = at(({ arrivalRate }) => arrivalRate);
  const decisionWait = longestTrace(topology).times(TRACE_MARGIN).plus(EXPORT_DELAY.times(2)).roundedUpToSeconds();
  const replicas = Math.max(MINIMUM_WARM_REPLICAS, Math.ceil(peak.spans / SPANS_PER_CORE) + 1);
  const share = 1 / (replicas - 1);
  const spans = peak.spans * share;
  const spansQueued = Math.ceil(spans * BACKEND_OUTAGE.inSeconds);
  const spansRouted = Math.ceil(spans * REROUTING.inSeconds);
  const held = spans * decisionWait.inSeconds + spansRouted + spansQueued;
  return {
    spansPerSecond: peak.spans,
    tracesPerSecond: peak.traces,
    keptShare: mean.traces === 0 ? 1 : Math.min(1, kept.perSecond / mean.traces),
    decisionWait,
    settleTime: EXPORT_DELAY.times(2),
    slow: slowTraces(topology),
    replicas,
    tracesHeld: Math.max(1, Math.ceil(peak.traces * share * decisionWait.inSeconds)),
    spansRouted: Math.max(SPANS_AT_ONCE, spansRouted),
    spansQueued: Math.max(SPANS_AT_ONCE, spansQueued),
    resources: {
      cpu: Math.max(LEAST_CPU, Math.ceil((10 * spans) / SPANS_PER_CORE) / 10),
      memory: stepsOf(IDLE_MEMORY.plus(SPAN_SIZE.times(Math.ceil(held * HEAP_GROWTH))).times(1 / USABLE_SHARE)),
      ephemeralStorage: MEMORY_STEP,
    },
  };
}

interface Rates {
  readonly arrivalRate: Rate;
  readonly peakRate: Rate;
}

interface Recorded {
  readonly spans: number;
  readonly traces: number;
}

function recordedAt(topology: Topology, pick: (rates: Rates) => Rate): Recorded {
  const sum = <T extends Rates>(section: Readonly<Record<string, T>>, weight: (each: T) => number): number =>
    Object.values<T>(section).reduce((total, each) => total + pick(each).perSecond * weight(each), 0);
  const engines = Object.values<ResolvedInferenceEngine>(topology.engines);
  const items = sum<ResolvedQueue>(topology.queues, () => 1);
  const requests = sum<ResolvedHttpService>(topology.httpServices, () => 1);
  const events = sum<ResolvedTopic>(topology.topics, ({ consumers }) => 1 + consumers.length);
  const calls = engines.reduce((total, { peakRequests }) => total + peakRequests, 0);
  const others = engines.reduce((total, { otherRequests }) => total + otherRequests.perSecond, 0);
  return {
    spans: SPANS_PER_ITEM * items + SPANS_PER_CALL * calls + SPANS_PER_REQUEST * requests + events,
    traces: TRACES_PER_ITEM * items + requests + others + events,
  };
}

const slowTraces = ({ workers, httpServices }: Topology): readonly SlowTraces[] => [
  ...Object.values<ResolvedWorker>(workers).map(({ id, workTime }) => ({ workload: id, above: workTime.p99 })),
  ...Object.values<ResolvedHttpService>(httpServices).map(({ id, requestTime }) => ({
    workload: id,
    above: requestTime.p99,
  })),
];

function longestTrace({ workers, httpServices, topics }: Topology): Duration {
  return Duration.max(
    Duration.zero,
    ...Object.values<ResolvedWorker>(workers).map(({ workTime }) => workTime.p99),
    ...Object.values<ResolvedHttpService>(httpServices).map(({ requestTime }) => requestTime.p99),
    ...Object.values<ResolvedTopic>(topics).flatMap(({ consumers }) => consumers.map(({ workTime }) => workTime.p99)),
  );
}

const stepsOf = ({ bytes }: Bytes): Bytes => MEMORY_STEP.times(Math.ceil(bytes / MEMORY_STEP.bytes));
