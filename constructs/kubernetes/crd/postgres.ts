import type { Construct } from 'constructs';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

type Texts = Readonly<Record<string, string>>;
interface Named {
  readonly name: string;
}

/** The fields of a CloudNativePG Cluster that we emit. */
export interface PostgresClusterSpec {
  readonly instances: number;
  readonly imageName: string;
  readonly bootstrap: {
    readonly initdb: {
      readonly dataChecksums: boolean;
      readonly encoding: 'UTF8';
      readonly localeProvider: 'builtin';
      readonly builtinLocale: 'C.UTF-8';
    };
  };
  readonly postgresql: {
    readonly parameters: Texts;
    readonly pg_hba: readonly string[];
    readonly synchronous: {
      readonly method: 'any';
      readonly number: number;
      readonly dataDurability: 'required' | 'preferred';
      readonly failoverQuorum: boolean;
    };
  };
  readonly replicationSlots: {
    readonly highAvailability: { readonly enabled: true; readonly synchronizeLogicalDecoding?: true };
  };
  readonly managed: { readonly roles: readonly PostgresRole[] };
  readonly certificates?: { readonly serverAltDNSNames: readonly string[] };
  readonly storage: { readonly storageClass: string; readonly size: string };
  readonly walStorage: { readonly storageClass: string; readonly size: string };
  /** As Kubernetes writes them. */
  readonly resources: unknown;
  readonly ephemeralVolumesSizeLimit: { readonly shm: string; readonly temporaryData: string };
  readonly affinity: {
    readonly enablePodAntiAffinity: true;
    readonly podAntiAffinityType: 'required';
    readonly topologyKey: string;
  };
  readonly topologySpreadConstraints: readonly unknown[];
  readonly plugins: readonly { readonly name: string; readonly isWALArchiver: true; readonly parameters: Texts }[];
  readonly serviceAccountTemplate?: { readonly metadata: { readonly annotations: Texts } };
  readonly enableSuperuserAccess: false;
  readonly enablePDB: true;
  readonly primaryUpdateStrategy: 'unsupervised';
  readonly primaryUpdateMethod: 'switchover';
  readonly smartShutdownTimeout: number;
}

export interface PostgresRole {
  readonly name: string;
  readonly ensure: 'present';
  readonly login: true;
  readonly replication?: true;
  readonly connectionLimit: number;
  readonly passwordSecret: Named;
}

/** The fields of a CloudNativePG Pooler that we emit. */
export interface PoolerSpec {
  readonly cluster: Named;
  readonly type: 'rw';
  readonly instances: number;
  readonly deploymentStrategy: unknown;
  readonly pgbouncer: { readonly image: string; readonly poolMode: 'transaction'; readonly parameters: Texts };
  /** Of its pods; the operator adds what it knows better. */
  readonly template: unknown;
}

/** The fields of a CloudNativePG Database that we emit. */
export interface DatabaseSpec {
  readonly cluster: Named;
  readonly name: string;
  readonly owner: string;
  readonly ensure: 'present';
  readonly databaseReclaimPolicy: 'retain';
}

/** The fields of a CloudNativePG ScheduledBackup that we emit. */
export interface ScheduledBackupSpec {
  readonly cluster: Named;
  /** With seconds in front, unlike a CronJob's. */
  readonly schedule: string;
  readonly immediate: true;
  readonly method: 'plugin';
  readonly pluginConfiguration: Named;
  /** Who takes the records of backups away with it. */
  readonly backupOwnerReference: 'none';
}

/** The fields of the Barman plugin's ObjectStore that we emit. */
export interface ObjectStoreSpec {
  readonly retentionPolicy: string;
  readonly configuration: {
    readonly destinationPath: string;
    readonly s3Credentials?: { readonly inheritFromIAMRole: true };
    readonly googleCredentials?: { readonly gkeEnvironment: true };
    readonly azureCredentials?: { readonly useDefaultAzureCredentials: true };
    readonly wal: { readonly compression: 'gzip'; readonly maxParallel: number };
    readonly data: { readonly compression: 'gzip'; readonly jobs: number };
  };
  readonly instanceSidecarConfiguration: { readonly resources: unknown };
}

const CNPG = 'postgresql.cnpg.io/v1';

const resource =
  <Spec>(apiVersion: string, kind: string) =>
  (scope: Construct, id: string, props: CustomResourceProps<Spec>, override?: Override) =>
    emit(scope, id, { apiVersion, kind, ...props }, override);

export const postgresCluster = resource<PostgresClusterSpec>(CNPG, 'Cluster');
export const pooler = resource<PoolerSpec>(CNPG, 'Pooler');
export const database = resource<DatabaseSpec>(CNPG, 'Database');
export const scheduledBackup = resource<ScheduledBackupSpec>(CNPG, 'ScheduledBackup');
export const objectStore = resource<ObjectStoreSpec>('barmancloud.cnpg.io/v1', 'ObjectStore');
