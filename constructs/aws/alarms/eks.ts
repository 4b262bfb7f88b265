import { Bytes, Duration, engineAlerts, type ResolvedInferenceEngine, type Topology } from '@penstock/model';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { ofMetric } from '../alarm-signal.ts';
import { longestStart } from './promise.ts';

const SILENT_HOLDS = Duration.parse('5 minutes');
const STORE_HOLDS = Duration.parse('30 minutes');
/** Where a cluster becomes read-only (EKS best practices, scalability of the control plane). */
const STORE_LIMIT = Bytes.parse('8 GiB');
/** Of it: the rest is the time to find what grows. */
const STORE_SHARE = 0.8;

export interface WatchedEks {
  /** Name of the cluster. */
  readonly name: string;
  readonly topology: Topology;
}

/** The control plane of a cluster, by what EKS itself says of it. */
export function eksAlarms({ name, topology }: WatchedEks): WatchedService {
  const of = { ClusterName: name };
  const startFor = longestStartOf(topology);
  return {
    id: 'cluster',
    title: `Cluster ${name}`,
    alarms: [
      {
        name: 'PenstockClusterSilent',
        subject: name,
        severity: 'page',
        signal: ofMetric('apiRequests', of, 'Sum'),
        limit: { below: 1 },
        holds: SILENT_HOLDS,
        missing: 'breaching',
        description: `The API of ${name} has answered nobody for ${SILENT_HOLDS}: what runs goes on, and nothing is started, moved or scaled.`,
      },
      ...(startFor === undefined ? [] : [unschedulable(name, startFor)]),
      {
        name: 'PenstockClusterStoreFilling',
        subject: name,
        severity: 'ticket',
        signal: ofMetric('clusterStore', of, 'Maximum'),
        limit: { above: Math.floor(STORE_LIMIT.bytes * STORE_SHARE) },
        holds: STORE_HOLDS,
        missing: 'ignore',
        description: `The objects of ${name} take most of the ${STORE_LIMIT} that a cluster has for them; at its end nothing can be changed any more.`,
      },
    ],
  };
}

const unschedulable = (name: string, startFor: Duration): AlarmSpec => ({
  name: 'PenstockPodsUnschedulable',
  subject: name,
  severity: 'ticket',
  signal: ofMetric('unschedulablePods', { ClusterName: name }, 'Maximum'),
  limit: { above: 0 },
  holds: startFor,
  missing: 'notBreaching',
  description: `Pods of ${name} have found no node for ${startFor}, longer than anything here may take to start.`,
});

/** Of workers and engines, whichever may take longest to start. Undefined without either. */
const longestStartOf = (topology: Topology): Duration | undefined =>
  Object.values<ResolvedInferenceEngine>(topology.engines)
    .map((engine) => engine.coldStart.plus(engineAlerts(engine).missingFor))
    .reduce<Duration | undefined>(
      (longest, each) => (longest === undefined ? each : Duration.max(longest, each)),
      longestStart(topology),
    );
