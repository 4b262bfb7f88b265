import { type Amounts, type Labels, specOf } from '../manifest.ts';
import { budgetFaults } from '../operator-pods.ts';
import { kindPolicy } from '../policy.ts';
import { isPostgres, type PostgresSpec } from '../postgres.ts';

interface PoolerSpec {
  readonly instances: number;
  readonly cluster: { readonly name?: string };
  readonly pgbouncer: { readonly poolMode?: string; readonly parameters?: Labels };
  readonly template: {
    readonly spec?: {
      readonly containers?: readonly {
        readonly name?: string;
        readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
      }[];
    };
  };
}

/** Rule 60, what stands before the primary. */
export const postgresPooler = kindPolicy(
  {
    id: 'postgres-pooler',
    rules: [60],
    source: 'CloudNativePG documentation (connection pooling), PgBouncer documentation',
    reads: ['Cluster', 'PodDisruptionBudget'],
    reason: 'with the only pooler every client is gone, and one whose pools are too large takes the connections of all',
  },
  ['Pooler'],
  (manifest, all) => {
    if (!isPostgres(manifest)) return [];
    const { instances = 1, pgbouncer, cluster: named, template } = specOf<PoolerSpec>(manifest);
    const { default_pool_size: pool, max_client_conn: clients, client_tls_sslmode: tls } = pgbouncer?.parameters ?? {};
    const { requests = {}, limits = {} } =
      template?.spec?.containers?.find(({ name }) => name === 'pgbouncer')?.resources ?? {};
    const cluster = all.find(
      (other) =>
        other.kind === 'Cluster' &&
        isPostgres(other) &&
        other.metadata.namespace === manifest.metadata.namespace &&
        other.metadata.name === named?.name,
    );
    const most = instances * Number(pool ?? 0);
    const roles = cluster === undefined ? [] : (specOf<PostgresSpec>(cluster).managed?.roles ?? []);
    // A reader of changes does not come by a pooler.
    const owners = roles.filter(({ replication }) => replication !== true);
    const pods = { 'cnpg.io/poolerName': manifest.metadata.name };
    return [
      named?.name === undefined && 'names no cluster',
      instances < 2 && `has ${instances} replicas, expected at least 2`,
      pgbouncer?.poolMode !== 'transaction' &&
        `holds a server connection for as long as a client is there: poolMode is ${pgbouncer?.poolMode ?? 'session'}`,
      !/^(require|verify-)/.test(tls ?? '') && 'takes clients without TLS (client_tls_sslmode)',
      pool === undefined && 'does not state default_pool_size',
      clients === undefined && 'does not state max_client_conn',
      ...owners.map(
        ({ name, connectionLimit }) =>
          connectionLimit !== undefined &&
          most > connectionLimit &&
          `opens up to ${most} connections as ${name}, which is allowed ${connectionLimit}`,
      ),
      (limits['memory'] === undefined || requests['memory'] !== limits['memory']) && 'memory limit is not its request',
      requests['cpu'] === undefined && 'requests no cpu',
      ...budgetFaults(manifest, pods, all),
    ];
  },
);
