import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { clusterOf, type KafkaSpec, STRIMZI_CLUSTER } from '../strimzi.ts';

export interface KafkaUserSpec {
  readonly authentication: { readonly type?: string };
  readonly authorization: { readonly type?: string; readonly acls?: readonly Acl[] };
}

interface Acl {
  readonly type?: string;
  readonly resource?: { readonly type?: string; readonly name?: string; readonly patternType?: string };
  readonly operations?: readonly string[];
}

/** Rule 54, the part of each service. */
export const kafkaUserLeast = kindPolicy(
  {
    id: 'kafka-user-least',
    rules: [54],
    source: 'Strimzi documentation (KafkaUser)',
    reads: ['Kafka'],
    reason: 'a service that is broken into reads and writes what its account may',
  },
  ['KafkaUser'],
  (manifest, all) => {
    const { authentication, authorization } = specOf<KafkaUserSpec>(manifest);
    const cluster = clusterOf(manifest, all);
    const listeners = cluster === undefined ? undefined : specOf<KafkaSpec>(cluster).kafka?.listeners;
    const acls = authorization?.acls ?? [];
    return [
      manifest.metadata.labels?.[STRIMZI_CLUSTER] === undefined &&
        `names no cluster (${STRIMZI_CLUSTER}): nobody makes it`,
      authentication?.type === undefined && 'has no way to say who it is (authentication)',
      authentication?.type !== undefined &&
        listeners !== undefined &&
        !listeners.some((listener) => listener.authentication?.type === authentication.type) &&
        `says who it is by ${authentication.type}, which no listener of its cluster asks for`,
      acls.length === 0 && 'has no ACL of its own',
      ...acls
        .filter(({ type }) => type !== 'deny')
        .flatMap(({ resource, operations = [] }) => [
          resource?.name === undefined && resource?.type !== 'cluster' && `names no ${resource?.type} in an ACL`,
          resource?.patternType === 'prefix' &&
            resource.type !== 'transactionalId' &&
            `may use every ${resource.type} that begins with ${resource.name}, those to come among them`,
          resource?.name === '*' && `may use every ${resource.type}`,
          operations.includes('All') && `may do everything to ${resource?.type} ${resource?.name ?? ''}`,
        ]),
    ];
  },
);
