import { type Amounts, type Manifest, specOf } from './manifest.ts';

export interface KafkaSpec {
  readonly kafka: {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly listeners?: readonly Listener[];
    readonly authorization?: { readonly type?: string };
    readonly rack?: { readonly topologyKey?: string };
  };
}

export interface Listener {
  readonly name?: string;
  readonly tls?: boolean;
  readonly authentication?: { readonly type?: string };
}

export interface NodePool {
  readonly replicas: number;
  readonly roles: readonly string[];
  readonly storage: Volume & { readonly volumes?: readonly Volume[] };
  readonly resources: { readonly requests?: Amounts; readonly limits?: Amounts };
  readonly jvmOptions: { readonly '-Xms'?: string; readonly '-Xmx'?: string };
}

interface Volume {
  readonly type?: string;
  readonly deleteClaim?: boolean;
}

export const STRIMZI_CLUSTER = 'strimzi.io/cluster';

/** Strimzi's kinds; `Kafka` alone is also the name of other operators' resources. */
export const isStrimzi = ({ apiVersion }: Manifest): boolean => apiVersion.startsWith('kafka.strimzi.io/');

/** The node pools of a Kafka cluster. */
export const poolsOf = (cluster: Manifest, all: readonly Manifest[]): readonly Partial<NodePool>[] =>
  all
    .filter(
      ({ kind, metadata }) =>
        kind === 'KafkaNodePool' &&
        metadata.namespace === cluster.metadata.namespace &&
        metadata.labels?.[STRIMZI_CLUSTER] === cluster.metadata.name,
    )
    .map((pool) => specOf<NodePool>(pool));

/** The cluster that a topic, a user or a pool belongs to, where it is among the manifests. */
export const clusterOf = (part: Manifest, all: readonly Manifest[]): Manifest | undefined =>
  all.find(
    (other) =>
      other.kind === 'Kafka' &&
      isStrimzi(other) &&
      other.metadata.namespace === part.metadata.namespace &&
      other.metadata.name === part.metadata.labels?.[STRIMZI_CLUSTER],
  );

/** Nodes of a role over all pools. */
export const nodesOf = (pools: readonly Partial<NodePool>[], role: 'broker' | 'controller'): number =>
  pools.filter(({ roles }) => roles?.includes(role)).reduce((sum, { replicas }) => sum + (replicas ?? 0), 0);
