import { sql } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { ENVIRONMENT_LABEL, type EnvironmentKind, protectedIn } from './environment-kind.ts';
import type { GoogleProject } from './google-project.ts';
import type { Network } from './network.ts';
import type { ConditionalRole, WorkloadIdentity } from './workload-identity.ts';

export interface CloudSqlPostgresArgs {
  readonly project: GoogleProject;
  readonly network: Network;
  /** Encrypts what is stored; used by `cloud-sql`. */
  readonly key: EncryptionKey;
  /** In production a second zone has every write before it is acknowledged. */
  readonly environment: EnvironmentKind;
  /** e.g. `db-custom-4-16384`. */
  readonly tier: `db-${string}`;
  readonly diskGib: number;
  /** Databases, by name. */
  readonly databases: readonly string[];
  /** Events are read off the write-ahead log, as an outbox is. @default false */
  readonly outbox?: boolean;
  /** Major version. @default 17 */
  readonly version?: 16 | 17;
}

/** Any moment of the last week can be returned to. */
const LOG_DAYS = 7;
const BACKUPS = 30;

/** PostgreSQL as Google runs it: no public address, no passwords, and backups that outlive it. */
export class CloudSqlPostgres extends ComponentResource {
  static readonly port = 5432;
  readonly nodes: {
    readonly instance: sql.DatabaseInstance;
    readonly databases: Readonly<Record<string, sql.Database>>;
  };
  /** Private address, reached over TLS. */
  readonly host: Binding<Output<string>>;
  readonly #project: GoogleProject;
  readonly #name: string;

  constructor(name: string, args: CloudSqlPostgresArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:CloudSqlPostgres', name, {}, options);
    const { network, key } = args;
    const production = args.environment === 'production';
    const flags = [
      { name: 'cloudsql.iam_authentication', value: 'on' },
      ...((args.outbox ?? false) ? [{ name: 'cloudsql.logical_decoding', value: 'on' }] : []),
    ];
    const instance = new sql.DatabaseInstance(
      name,
      {
        project: args.project.id,
        region: network.region,
        databaseVersion: `POSTGRES_${args.version ?? 17}`,
        encryptionKeyName: key.keyId,
        deletionProtection: production,
        settings: {
          tier: args.tier,
          edition: 'ENTERPRISE',
          availabilityType: production ? 'REGIONAL' : 'ZONAL',
          deletionProtectionEnabled: production,
          retainBackupsOnDelete: production,
          diskType: 'PD_SSD',
          diskSize: args.diskGib,
          diskAutoresize: true,
          ipConfiguration: {
            ipv4Enabled: false,
            privateNetwork: network.networkId,
            sslMode: 'ENCRYPTED_ONLY',
          },
          backupConfiguration: {
            enabled: true,
            startTime: '01:00',
            pointInTimeRecoveryEnabled: true,
            transactionLogRetentionDays: LOG_DAYS,
            backupRetentionSettings: { retainedBackups: BACKUPS, retentionUnit: 'COUNT' },
          },
          databaseFlags: flags,
          insightsConfig: { queryInsightsEnabled: true },
          userLabels: { [ENVIRONMENT_LABEL]: args.environment },
        },
      },
      // Its address comes out of the peered range, which the inputs do not speak of.
      { parent: this, ...protectedIn(args.environment), dependsOn: [network, key] },
    );
    this.nodes = {
      instance,
      databases: Object.fromEntries(
        args.databases.map((database) => [
          database,
          new sql.Database(
            `${name}-${database}`,
            { project: args.project.id, instance: instance.name, name: database },
            { parent: this, ...protectedIn(args.environment) },
          ),
        ]),
      ),
    };
    this.host = Binding.of(instance.privateIpAddress);
    this.#project = args.project;
    this.#name = name;
    this.registerOutputs({ host: this.host.lower() });
  }

  /** Logging in is a role of the project, here for this instance alone. */
  get logsIn(): ConditionalRole {
    return {
      id: `logs in to PostgreSQL ${this.#name}`,
      role: 'roles/cloudsql.instanceUser',
      condition: interpolate`resource.name == "projects/${this.#project.id}/instances/${this.nodes.instance.name}" && resource.service == "sqladmin.googleapis.com"`,
    };
  }

  /** A user of the database for an account. What it may do in there is for the migrations to say. */
  user(id: string, identity: WorkloadIdentity): sql.User {
    return new sql.User(
      `${this.#name}-${id}`,
      {
        project: this.#project.id,
        instance: this.nodes.instance.name,
        type: 'CLOUD_IAM_SERVICE_ACCOUNT',
        // PostgreSQL's names are too short for the whole address.
        name: identity.email.apply((email) => email.replace(/\.gserviceaccount\.com$/, '')),
      },
      { parent: this, dependsOn: [identity] },
    );
  }
}
