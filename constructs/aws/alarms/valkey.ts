import { Duration, type Topology } from '@penstock/model';
import { VALKEY_FULL_SHARE } from '../../monitoring/limits.ts';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { highestOf, type Measured, measured, ofMetric } from '../alarm-signal.ts';
import type { MetricId } from '../cloudwatch-metrics.ts';
import type { ValkeyNodes, ValkeyServerless } from '../valkey-cache.ts';
import { shortestPromise } from './promise.ts';

const HOLDS = Duration.parse('5 minutes');

export interface WatchedValkey {
  /** Name of the cache. */
  readonly name: string;
  readonly kind: ValkeyNodes | ValkeyServerless;
  readonly topology: Topology;
}

/** Valkey on ElastiCache. One that may forget and is full does what it is for. */
export const valkeyAlarms = ({ name, kind, topology }: WatchedValkey): WatchedService => ({
  id: 'valkey',
  title: `Valkey ${name}`,
  alarms: kind.kind === 'serverless' ? [throttled(name)] : nodeAlarms(name, kind, shortestPromise(topology)),
});

const throttled = (name: string): AlarmSpec => ({
  name: 'PenstockValkeyThrottled',
  subject: name,
  severity: 'ticket',
  signal: ofMetric('cacheThrottled', { clusterId: name }, 'Sum'),
  limit: { above: 0 },
  holds: HOLDS,
  missing: 'notBreaching',
  description: `Valkey ${name} has put off commands in every one of the last minutes: it has reached the units it may use.`,
});

function nodeAlarms(name: string, kind: ValkeyNodes, promise: Duration | undefined): readonly AlarmSpec[] {
  const nodes = (kind.replicas ?? 1) + 1;
  return Array.from({ length: kind.shards ?? 1 }, (_, shard) => nodesOf(name, shard + 1, nodes)).flatMap(
    (ids, shard): readonly AlarmSpec[] => {
      const subject = `${name}-shard-${shard + 1}`;
      const eachNode = (metric: MetricId & ('cacheMemory' | 'cacheReplicaLag')): readonly Measured[] =>
        ids.map((CacheClusterId) => measured(metric, { CacheClusterId, CacheNodeId: '0001' }, 'Maximum'));
      return [
        ...(kind.whenFull === 'evict'
          ? []
          : [
              {
                name: 'PenstockValkeyFull',
                subject,
                severity: 'page',
                signal: highestOf(eachNode('cacheMemory')),
                limit: { above: VALKEY_FULL_SHARE * 100 },
                holds: HOLDS,
                missing: 'ignore',
                description: `${subject} is nearly full, and it forgets nothing: at all of its memory for data writes are refused.`,
              } as const,
            ]),
        ...(nodes === 1 || promise === undefined
          ? []
          : [
              {
                name: 'PenstockValkeyReplicaBehind',
                subject,
                severity: 'ticket',
                signal: highestOf(eachNode('cacheReplicaLag')),
                limit: { above: promise.inSeconds },
                holds: HOLDS,
                missing: 'notBreaching',
                description: `A replica of ${subject} is more than ${promise} behind, the shortest promise of the platform: so much is gone when it takes over.`,
              } as const,
            ]),
      ];
    },
  );
}

/** As ElastiCache names the nodes of a shard; which of them is the primary changes. */
const nodesOf = (name: string, shard: number, nodes: number): readonly string[] =>
  Array.from(
    { length: nodes },
    (_, node) => `${name}-${String(shard).padStart(4, '0')}-${String(node + 1).padStart(3, '0')}`,
  );
