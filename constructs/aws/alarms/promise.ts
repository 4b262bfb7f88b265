import {
  Duration,
  queueAlerts,
  type ResolvedInferenceEngine,
  type ResolvedQueue,
  type ResolvedWorker,
  type Topology,
} from '@penstock/model';

/** Of all promises of a platform, the one that leaves the least time. Undefined where nobody is promised anything. */
export function shortestPromise(topology: Topology): Duration | undefined {
  const [first, ...others] = [
    ...Object.values<ResolvedQueue>(topology.queues),
    ...Object.values(topology.httpServices),
    ...Object.values<ResolvedInferenceEngine>(topology.engines),
  ].map(({ doneWithin }) => doneWithin);
  return others.reduce<Duration | undefined>(
    (shortest, each) => (shortest?.isLongerThan(each) === true ? each : shortest),
    first,
  );
}

/** How long work of any queue may wait with no replica at all. Undefined without a worker. */
export function longestStart(topology: Topology): Duration | undefined {
  const [first, ...others] = Object.values<ResolvedWorker>(topology.workers).map(
    (worker) => queueAlerts(topology.queues[worker.queue] as ResolvedQueue, worker).startFor,
  );
  return first === undefined ? undefined : others.reduce((longest, each) => Duration.max(longest, each), first);
}
