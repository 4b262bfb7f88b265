import { Bytes, type Duration } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { Binding } from '../binding.ts';
import type { ObjectStoreSpec, PostgresClusterSpec, ScheduledBackupSpec } from './crd/postgres.ts';
import { resourceRequirements } from './lowering.ts';

/** Where backups and the archive of the log go. Access is by the cloud's identity of the pods, never by a key. */
export interface PostgresBackup {
  readonly cloud: 'aws' | 'google' | 'azure';
  /** Folder of a bucket, e.g. `s3://backups/orders`, `gs://...`, or the address of a container. */
  readonly destination: Binding<string>;
  /** Annotations of the pods' account by which the cloud knows it, e.g. the role. @default - it knows it by its name */
  readonly identity?: Readonly<Record<string, Binding<string>>>;
  /** How far back any moment can be restored. */
  readonly retention: Duration;
  /** How often a whole copy is made; in between the log is replayed. @default 1 */
  readonly everyDays?: number;
}

/** The plugin; what is built into the operator is deprecated since 1.26. */
export const BARMAN = 'barman-cloud.cloudnative-pg.io';

/** It compresses one piece of the log or of the data at a time. */
const SIDECAR = { cpu: 0.1, memory: Bytes.parse('512 MiB'), ephemeralStorage: Bytes.parse('1 GiB') };
const LOG_FILES_AT_ONCE = 4;
const UPLOADS_AT_ONCE = 2;
/** When the fewest wait for it: three at night. */
const HOUR = 3;

export const everyDays = ({ everyDays: days }: PostgresBackup): number => days ?? 1;

export function backupStore(backup: PostgresBackup): ObjectStoreSpec {
  const credentials = {
    aws: { s3Credentials: { inheritFromIAMRole: true } },
    google: { googleCredentials: { gkeEnvironment: true } },
    azure: { azureCredentials: { useDefaultAzureCredentials: true } },
  } as const;
  return {
    retentionPolicy: `${Math.ceil(backup.retention.toSeconds('up') / 86_400)}d`,
    configuration: {
      destinationPath: backup.destination.lower(),
      ...credentials[backup.cloud],
      wal: { compression: 'gzip', maxParallel: LOG_FILES_AT_ONCE },
      data: { compression: 'gzip', jobs: UPLOADS_AT_ONCE },
    },
    instanceSidecarConfiguration: { resources: k8s.toJson_ResourceRequirements(resourceRequirements(SIDECAR)) },
  };
}

/** A first copy at once: until there is one, nothing can be restored. */
export const backupSchedule = (cluster: string, backup: PostgresBackup): ScheduledBackupSpec => ({
  cluster: { name: cluster },
  schedule: `0 0 ${HOUR} ${everyDays(backup) === 1 ? '*' : `*/${everyDays(backup)}`} * *`,
  immediate: true,
  method: 'plugin',
  pluginConfiguration: { name: BARMAN },
  backupOwnerReference: 'none',
});

/** What a cluster says of its archive, and the account that writes it. */
export const archiving = (
  store: string,
  { identity }: PostgresBackup,
): Pick<PostgresClusterSpec, 'plugins' | 'serviceAccountTemplate'> => ({
  plugins: [{ name: BARMAN, isWALArchiver: true, parameters: { barmanObjectName: store } }],
  ...(identity === undefined
    ? {}
    : {
        serviceAccountTemplate: {
          metadata: {
            annotations: Object.fromEntries(Object.entries(identity).map(([key, value]) => [key, value.lower()])),
          },
        },
      }),
});
