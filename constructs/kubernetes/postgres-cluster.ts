import type { Bytes } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { emit, type Override } from './api-object.ts';
import { database, objectStore, pooler, postgresCluster, scheduledBackup } from './crd/postgres.ts';
import { oneAtATime } from './disruption-budget.ts';
import type { ImageReference } from './image.ts';
import { networkPolicy } from './network-flow.ts';
import { backupSchedule, backupStore, everyDays, type PostgresBackup } from './postgres-backup.ts';
import { type OutsideAddress, postgresFlows } from './postgres-flows.ts';
import { type PostgresPooler, postgresPooler } from './postgres-pooler.ts';
import { PostgresService } from './postgres-service.ts';
import { feedBacklog, feedRole, hasFeeds, type PostgresDatabases, type PostgresSizing } from './postgres-settings.ts';
import { type PostgresDurability, postgresSpec, SCRATCH } from './postgres-spec.ts';

export interface PostgresClusterProps {
  /** @default 'postgres' */
  readonly name?: string;
  /** Has to be there, and held to the restricted Pod Security Standard. */
  readonly namespace: string;
  /** @default 3 */
  readonly instances?: 3 | 5;
  readonly durability: PostgresDurability;
  /** PostgreSQL 17 or newer: slots of readers survive a failover, and the order of texts an upgrade of the image. */
  readonly image: ImageReference;
  /** Of each instance; claims cannot be made smaller. */
  readonly storage: { readonly storageClass: string; readonly data: Bytes; readonly log: Bytes };
  /** Of each instance. */
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /** By name. Each has an owner of the same name, who may connect to no other. */
  readonly databases: PostgresDatabases;
  /** @default - services connect to the primary themselves */
  readonly pooler?: PostgresPooler;
  readonly backup: PostgresBackup;
  readonly clientNamespaces: readonly string[];
  /** What its pods reach outside of the cluster's network: the API server, the bucket, and who hands out identities. */
  readonly outside: readonly OutsideAddress[];
  /** Where the operator runs. @default 'cnpg-system' */
  readonly operatorNamespace?: string;
  /** Who scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  readonly overrides?: {
    readonly cluster?: Override;
    readonly backupStore?: Override;
    readonly scheduledBackup?: Override;
    readonly pooler?: Override;
    readonly poolerBudget?: Override;
    readonly networkPolicy?: Override;
    /** By name of the database. */
    readonly databases?: Readonly<Record<string, Override>>;
  };
}

export interface PostgresClusterNodes {
  readonly cluster: ApiObject;
  readonly backupStore: ApiObject;
  readonly scheduledBackup: ApiObject;
  readonly databases: Readonly<Record<string, ApiObject>>;
  readonly networkPolicy: ApiObject;
  readonly pooler?: ApiObject;
  readonly poolerBudget?: ApiObject;
}

/** PostgreSQL by CloudNativePG: a primary and its standbys in different zones, their archive, and a database a service. */
export class PostgresCluster extends Construct {
  readonly nodes: PostgresClusterNodes;
  /** How the rest of the platform knows it. */
  readonly service: PostgresService;

  /** @throws {ConstructError} `resources-too-small`, `name-too-long` */
  constructor(scope: Construct, id: string, props: PostgresClusterProps) {
    super(scope, id);
    const { namespace, databases, storage, resources, backup, overrides } = props;
    const name = props.name ?? 'postgres';
    const instances = props.instances ?? 3;
    for (const each of Object.keys(databases)) checkName(each);
    this.service = new PostgresService({
      name,
      namespace,
      instances,
      synchronousStandbys: (instances - 1) / 2,
      backupEveryDays: everyDays(backup),
      pooled: props.pooler !== undefined,
      ...(hasFeeds(databases) ? { feedBacklog: feedBacklog(storage.log) } : {}),
    });
    const { poolerName, podLabels } = this.service;
    const metadata = (suffix = '') => ({
      name: `${name}${suffix}`,
      namespace,
      labels: {
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/component': 'database',
        'app.kubernetes.io/managed-by': 'penstock',
      },
      annotations: {},
    });
    const sizing: PostgresSizing = {
      name,
      databases,
      instances,
      poolers: props.pooler?.replicas ?? 0,
      memory: resources.memory,
      wal: storage.log,
    };
    this.nodes = {
      backupStore: objectStore(
        this,
        'backup-store',
        { metadata: metadata('-backup'), spec: backupStore(backup) },
        overrides?.backupStore,
      ),
      cluster: postgresCluster(
        this,
        'cluster',
        {
          metadata: metadata(),
          spec: postgresSpec({ ...props, service: this.service, sizing, backupStore: `${name}-backup` }),
        },
        overrides?.cluster,
      ),
      scheduledBackup: scheduledBackup(
        this,
        'scheduled-backup',
        { metadata: metadata('-backup'), spec: backupSchedule(name, backup) },
        overrides?.scheduledBackup,
      ),
      databases: Object.fromEntries(
        Object.keys(databases).map((each) => [
          each,
          database(
            this,
            `database-${each}`,
            {
              metadata: metadata(`-${each.replaceAll('_', '-')}`),
              spec: {
                cluster: { name },
                name: each,
                owner: each,
                ensure: 'present',
                databaseReclaimPolicy: 'retain',
              },
            },
            overrides?.databases?.[each],
          ),
        ]),
      ),
      networkPolicy: networkPolicy(
        this,
        'network-policy',
        metadata(),
        postgresFlows({ ...props, pods: podLabels, port: PostgresService.port }),
        overrides?.networkPolicy,
      ),
      ...(props.pooler === undefined || poolerName === undefined
        ? {}
        : this.#pooler(props, props.pooler, { ...metadata(), name: poolerName })),
    };
  }

  #pooler(props: PostgresClusterProps, declared: PostgresPooler, metadata: Parameters<typeof pooler>[2]['metadata']) {
    const labels = { 'cnpg.io/poolerName': metadata.name };
    const spec = postgresPooler({
      cluster: this.service.name,
      pooler: declared,
      labels,
      databases: props.databases,
      scratch: SCRATCH,
    });
    return {
      pooler: pooler(this, 'pooler', { metadata, spec }, props.overrides?.pooler),
      // Those of the instances are the operator's.
      poolerBudget: emit(this, 'pooler-budget', oneAtATime(metadata, labels), props.overrides?.poolerBudget),
    };
  }
}

/** PostgreSQL's own limit. */
const LONGEST_NAME = 63;

function checkName(name: string): void {
  if (feedRole(name).length <= LONGEST_NAME) return;
  throw new ConstructError(
    'name-too-long',
    `databases.${name}`,
    `its role ${feedRole(name)} has ${feedRole(name).length} characters, expected at most ${LONGEST_NAME}`,
  );
}
