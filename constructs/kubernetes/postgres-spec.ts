import { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { PostgresClusterSpec, PostgresRole } from './crd/postgres.ts';
import type { ImageReference } from './image.ts';
import { byteQuantity, resourceRequirements } from './lowering.ts';
import { ZONE } from './placement.ts';
import { archiving, type PostgresBackup } from './postgres-backup.ts';
import type { PostgresService } from './postgres-service.ts';
import {
  FEED_CONNECTIONS,
  feedRole,
  hasFeeds,
  ownerLimit,
  type PostgresSizing,
  postgresAccess,
  postgresParameters,
} from './postgres-settings.ts';

/**
 * What an acknowledged commit survives. `replicated`: any one machine, and no standby that may lack one is ever promoted;
 * without a standby nothing is acknowledged. `preferred`: the same while a standby is there, and the primary's disk alone
 * while none is.
 */
export type PostgresDurability = 'replicated' | 'preferred';

export interface PostgresSpecProps {
  readonly service: PostgresService;
  readonly sizing: PostgresSizing;
  readonly durability: PostgresDurability;
  readonly image: ImageReference;
  readonly storage: { readonly storageClass: string; readonly data: Bytes; readonly log: Bytes };
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  readonly backup: PostgresBackup;
  /** Name of the store of its backups. */
  readonly backupStore: string;
}

/** For the certificates and sockets of an instance, and what PostgreSQL keeps beside its volumes. */
export const SCRATCH = Bytes.parse('1 GiB');
/** Of the memory, for what the workers of one query share. */
const SHARED_MEMORY_SHARE = 1 / 8;
/**
 * A primary that is deleted refuses new sessions and waits for the old ones; a pooler never closes those. Whoever is in
 * the middle of a transaction has this long.
 */
const SMART_SHUTDOWN_SECONDS = 15;
/** A cluster as CloudNativePG is told of it. */
export function postgresSpec(props: PostgresSpecProps): PostgresClusterSpec {
  const { service, sizing, storage, resources, durability } = props;
  const { databases } = sizing;
  const { namespace, instances, poolerName } = service;
  const volume = (size: Bytes) => ({ storageClass: storage.storageClass, size: byteQuantity(size) });
  return {
    instances,
    imageName: props.image.text,
    bootstrap: {
      initdb: {
        dataChecksums: true,
        encoding: 'UTF8',
        // That of the server itself: an index on text is wrong after the library that ordered it was upgraded.
        localeProvider: 'builtin',
        builtinLocale: 'C.UTF-8',
      },
    },
    postgresql: {
      parameters: postgresParameters(sizing),
      pg_hba: postgresAccess(databases),
      synchronous: {
        method: 'any',
        number: service.synchronousStandbys,
        dataDurability: durability === 'replicated' ? 'required' : 'preferred',
        // Rather no primary than one that lacks what was acknowledged.
        failoverQuorum: durability === 'replicated',
      },
    },
    replicationSlots: {
      highAvailability: { enabled: true, ...(hasFeeds(databases) ? { synchronizeLogicalDecoding: true } : {}) },
    },
    managed: { roles: rolesOf(sizing) },
    // The pooler shows the certificate of the instances.
    ...(poolerName === undefined
      ? {}
      : {
          certificates: {
            serverAltDNSNames: ['', `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`].map(
              (domain) => `${poolerName}${domain}`,
            ),
          },
        }),
    storage: volume(storage.data),
    walStorage: volume(storage.log),
    resources: k8s.toJson_ResourceRequirements(
      resourceRequirements({ ...resources, ephemeralStorage: SCRATCH.times(2) }),
    ),
    ephemeralVolumesSizeLimit: {
      shm: byteQuantity(Bytes.of(Math.floor(resources.memory.bytes * SHARED_MEMORY_SHARE))),
      temporaryData: byteQuantity(SCRATCH),
    },
    affinity: { enablePodAntiAffinity: true, podAntiAffinityType: 'required', topologyKey: 'kubernetes.io/hostname' },
    topologySpreadConstraints: [
      {
        topologyKey: ZONE,
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        // Also the jobs that make an instance: its volume stays in the zone where such a job ran. But no poolers.
        labelSelector: {
          matchLabels: service.podLabels,
          matchExpressions: [{ key: 'cnpg.io/poolerName', operator: 'DoesNotExist' }],
        },
      },
    ],
    ...archiving(props.backupStore, props.backup),
    enableSuperuserAccess: false,
    enablePDB: true,
    primaryUpdateStrategy: 'unsupervised',
    // A standby that is updated already takes over in seconds; a restart in place takes as long as its recovery.
    primaryUpdateMethod: 'switchover',
    smartShutdownTimeout: SMART_SHUTDOWN_SECONDS,
  };
}

const rolesOf = (sizing: PostgresSizing): readonly PostgresRole[] =>
  Object.entries(sizing.databases).flatMap(([name, declared]) => [
    {
      name,
      ensure: 'present',
      login: true,
      connectionLimit: ownerLimit(declared, sizing),
      passwordSecret: { name: declared.passwordSecret },
    },
    ...(declared.changeFeed === undefined
      ? []
      : [
          {
            name: feedRole(name),
            ensure: 'present',
            login: true,
            replication: true,
            connectionLimit: FEED_CONNECTIONS,
            passwordSecret: { name: declared.changeFeed.passwordSecret },
          } as const,
        ]),
  ]);
