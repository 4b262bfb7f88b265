import { Duration, type Topology } from '@penstock/model';
import { POSTGRES_FREEZE_AGE } from '../../monitoring/limits.ts';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { ofMetric } from '../alarm-signal.ts';
import { connectionLimit } from '../aurora-limits.ts';
import type { AuroraPostgresProps } from '../aurora-postgres.ts';
import { shortestPromise } from './promise.ts';

const FULL_HOLDS = Duration.parse('5 minutes');
const CAPACITY_HOLDS = Duration.parse('15 minutes');
/** Of the connections: the rest is for whoever comes to help, and for memory that RDS keeps for itself. */
const CONNECTION_SHARE = 0.8;

export interface WatchedAurora {
  /** Name of the cluster. */
  readonly name: string;
  readonly capacity: AuroraPostgresProps['capacity'];
  readonly readers: number;
  readonly topology: Topology;
}

/**
 * PostgreSQL on Aurora. Storage is not watched: it grows by itself to 128 TiB. Credits are not either: the classes that
 * can be chosen have none.
 */
export function postgresAlarms(aurora: WatchedAurora): WatchedService {
  const { name, capacity, readers } = aurora;
  const promise = shortestPromise(aurora.topology);
  const of = { DBClusterIdentifier: name };
  const connections = connectionLimit(capacity);
  const behind = (limit: Duration): AlarmSpec => ({
    name: 'PenstockPostgresReplicaBehind',
    subject: name,
    severity: 'ticket',
    signal: ofMetric('replicaLag', of, 'Maximum'),
    limit: { above: limit.toMilliseconds('up') },
    holds: FULL_HOLDS,
    missing: 'notBreaching',
    description: `A reader of ${name} shows what was so more than ${limit} ago, the shortest promise of the platform: what was done in time is seen late.`,
  });
  const reached = (maximumUnits: number): AlarmSpec => ({
    name: 'PenstockPostgresCapacityReached',
    subject: name,
    severity: 'ticket',
    signal: ofMetric('capacityUnits', of, 'Maximum'),
    limit: { atLeast: maximumUnits },
    holds: CAPACITY_HOLDS,
    missing: 'notBreaching',
    description: `An instance of ${name} has had all of its ${maximumUnits} units for ${CAPACITY_HOLDS}: what comes on top makes everything slower.`,
  });
  return {
    id: 'postgres',
    title: `PostgreSQL ${name}`,
    alarms: [
      {
        name: 'PenstockPostgresConnectionsFull',
        subject: name,
        severity: 'page',
        signal: ofMetric('connections', of, 'Maximum'),
        limit: { above: Math.floor(connections * CONNECTION_SHARE) },
        holds: FULL_HOLDS,
        missing: 'notBreaching',
        description: `An instance of ${name} takes about ${connections} connections and refuses the next.`,
      },
      {
        name: 'PenstockPostgresFreezing',
        subject: name,
        severity: 'ticket',
        signal: ofMetric('transactionAge', of, 'Maximum'),
        limit: { above: POSTGRES_FREEZE_AGE },
        holds: CAPACITY_HOLDS,
        missing: 'ignore',
        description: `Old rows of ${name} are not frozen: vacuum does not keep up, or something holds it.`,
      },
      ...(readers === 0 || promise === undefined ? [] : [behind(promise)]),
      ...(capacity.kind === 'serverless' ? [reached(capacity.maximumUnits)] : []),
    ],
  };
}
