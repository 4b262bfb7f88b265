import { Bytes } from '@penstock/model';
import { PostgresService } from '../../../constructs/kubernetes/index.ts';
import { steady, up, type Watched } from './broker-scenario.ts';

// What Prometheus sees of a PostgreSQL cluster, and the ways in which it may be ill.

const GIB = 2 ** 30;
const POSTGRES = 'namespace="data",job="mailroom/mailroom-postgres-orders"';
const postgres = (metric: string, pod = 'orders-1', more = '') => `${metric}{${POSTGRES},pod="${pod}"${more}}`;
const volume = (kind: 'available' | 'capacity', claim: string) =>
  `kubelet_volume_stats_${kind}_bytes{namespace="data",persistentvolumeclaim="${claim}",job="kubelet"}`;
const LAST_BACKUP = 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp';
const follows = (pod: string, streaming: number) => ({
  [postgres('cnpg_pg_replication_in_recovery', pod)]: steady(1),
  [postgres('cnpg_pg_replication_is_wal_receiver_up', pod)]: steady(streaming),
});
const slot = (name: string, type: string) =>
  postgres('cnpg_pg_replication_slots_pg_wal_lsn_diff', 'orders-1', `,slot_name="${name}",slot_type="${type}"`);
export const postgresWatched: Watched = {
  name: 'PostgreSQL',
  broker: {
    kind: 'postgres',
    service: new PostgresService({
      name: 'orders',
      namespace: 'data',
      instances: 3,
      synchronousStandbys: 1,
      backupEveryDays: 1,
      feedBacklog: Bytes.parse('8 GiB'),
      pooled: true,
    }),
  },
  well: {
    ...up(POSTGRES, ['orders-1', 'orders-2', 'orders-3']),
    [postgres('cnpg_pg_replication_in_recovery')]: steady(0),
    [postgres('cnpg_pg_replication_is_wal_receiver_up')]: steady(0),
    ...follows('orders-2', 1),
    ...follows('orders-3', 1),
    // Since the clock of the evaluator begins at zero, a failure long ago and a success since.
    [postgres('cnpg_pg_stat_archiver_last_failed_time')]: steady(-1),
    [postgres('cnpg_pg_stat_archiver_last_archived_time')]: steady(600),
    [postgres(LAST_BACKUP)]: steady(0),
    [postgres('cnpg_pg_database_xid_age', 'orders-1', ',datname="orders"')]: steady(150_000_000),
    [slot('relay', 'logical')]: steady(GIB),
    // A standby that is away: its log is bounded, and its own alert is another one.
    [slot('_cnpg_orders_2', 'physical')]: steady(7 * GIB),
    [volume('available', 'orders-1-wal')]: steady(8 * GIB),
    [volume('capacity', 'orders-1-wal')]: steady(16 * GIB),
    // Somebody else's.
    [volume('available', 'orders-cache-1')]: steady(0),
    [volume('capacity', 'orders-cache-1')]: steady(16 * GIB),
  },
  scenarios: [
    ['an instance that is down', { [`up{${POSTGRES},pod="orders-3"}`]: steady(0) }, ['PenstockBrokerMissing']],
    ['one standby that does not follow', follows('orders-2', 0), []],
    [
      'no standby that follows',
      { ...follows('orders-2', 0), ...follows('orders-3', 0) },
      ['PenstockPostgresUnreplicated'],
    ],
    [
      'a log that does not reach its bucket',
      { [postgres('cnpg_pg_stat_archiver_last_failed_time')]: steady(900) },
      ['PenstockPostgresArchiveFailing'],
    ],
    ['no backup for three days', { [postgres(LAST_BACKUP)]: steady(-3 * 86_400) }, ['PenstockPostgresBackupOld']],
    [
      'a volume of the log that is filling',
      { [volume('available', 'orders-1-wal')]: steady(2 * GIB) },
      ['PenstockPostgresDiskFilling'],
    ],
    [
      'a reader of changes that does not read',
      { [slot('relay', 'logical')]: steady(5 * GIB) },
      ['PenstockPostgresFeedStale'],
    ],
    [
      'a vacuum that does not keep up',
      { [postgres('cnpg_pg_database_xid_age', 'orders-1', ',datname="orders"')]: steady(600_000_000) },
      ['PenstockPostgresFreezing'],
    ],
  ],
};
