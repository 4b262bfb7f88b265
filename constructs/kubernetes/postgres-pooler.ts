import type { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { PoolerSpec } from './crd/postgres.ts';
import type { ImageReference } from './image.ts';
import { resourceRequirements } from './lowering.ts';
import { spreadApart } from './placement.ts';
import { type PostgresDatabases, poolSize } from './postgres-settings.ts';
import { ROLLOUT_STRATEGY } from './workload.ts';

export interface PostgresPooler {
  readonly image: ImageReference;
  readonly replicas: number;
  /** Connections that all services together open at most: each replica may have to take them all. */
  readonly clients: number;
  /** Of each replica. */
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
}

export interface PostgresPoolerProps {
  readonly cluster: string;
  readonly pooler: PostgresPooler;
  readonly labels: Readonly<Record<string, string>>;
  readonly databases: PostgresDatabases;
  readonly scratch: Bytes;
}

/** What a client waits for a server connection at most; then it is told, instead of being late without a word. */
const QUERY_WAIT_SECONDS = 15;
/** Statements that a client prepared, which the pooler repeats on whichever server connection it gets. */
const PREPARED_STATEMENTS = 200;

/** PgBouncer before the primary: a server connection for a transaction, not for a client. */
export function postgresPooler({ cluster, pooler, labels, databases, scratch }: PostgresPoolerProps): PoolerSpec {
  const { image, replicas, clients, resources } = pooler;
  return {
    cluster: { name: cluster },
    type: 'rw',
    instances: replicas,
    deploymentStrategy: ROLLOUT_STRATEGY,
    pgbouncer: {
      image: image.text,
      poolMode: 'transaction',
      parameters: {
        default_pool_size: String(poolSize(databases, replicas)),
        max_client_conn: String(clients),
        max_prepared_statements: String(PREPARED_STATEMENTS),
        query_wait_timeout: String(QUERY_WAIT_SECONDS),
        // Left alone it takes a client without TLS too.
        client_tls_sslmode: 'require',
      },
    },
    template: {
      metadata: { labels },
      spec: k8s.toJson_PodSpec({
        ...spreadApart(labels),
        enableServiceLinks: false,
        containers: [
          { name: 'pgbouncer', resources: resourceRequirements({ ...resources, ephemeralStorage: scratch }) },
        ],
      }),
    },
  };
}
