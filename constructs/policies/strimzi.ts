import { type Amounts, type Container, type Manifest, type PodSpec, specOf } from './manifest.ts';

export interface KafkaSpec {
  readonly kafka: {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly listeners?: readonly Listener[];
    readonly authorization?: { readonly type?: string };
    readonly rack?: { readonly topologyKey?: string };
    readonly version?: string;
    readonly metadataVersion?: string;
    readonly template?: { readonly podDisruptionBudget?: { readonly maxUnavailable?: number } };
  };
  readonly entityOperator: {
    readonly topicOperator?: Operand;
    readonly userOperator?: Operand;
    readonly template?: Template<'topicOperatorContainer' | 'userOperatorContainer'>;
  };
  readonly kafkaExporter: Operand & { readonly template?: Template<'container'> };
}

interface Operand {
  readonly resources?: Resources;
}

interface Resources {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}

/** What is said of a pod that Strimzi makes, and of each of its containers. */
type Template<Containers extends string> = { readonly pod?: PodSpec } & Readonly<
  Partial<Record<Containers, Pick<Container, 'securityContext'>>>
>;

export interface Listener {
  readonly name?: string;
  readonly tls?: boolean;
  readonly authentication?: { readonly type?: string };
  readonly networkPolicyPeers?: readonly {
    readonly namespaceSelector?: { readonly matchLabels?: object; readonly matchExpressions?: readonly unknown[] };
    readonly podSelector?: { readonly matchLabels?: object; readonly matchExpressions?: readonly unknown[] };
    readonly ipBlock?: object;
  }[];
}

export interface NodePool {
  readonly replicas: number;
  readonly roles: readonly string[];
  readonly storage: Volume & { readonly volumes?: readonly Volume[] };
  readonly resources: Resources;
  readonly template: Template<'kafkaContainer' | 'initContainer'>;
  readonly jvmOptions: { readonly '-Xms'?: string; readonly '-Xmx'?: string };
}

interface Volume {
  readonly type?: string;
  readonly deleteClaim?: boolean;
}

export const STRIMZI_CLUSTER = 'strimzi.io/cluster';
export const STRIMZI_POOL = 'strimzi.io/pool-name';

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

/** The pods that Strimzi makes of an object, as far as the object says anything about them. */
export function strimziPodsOf(manifest: Manifest): readonly PodSpec[] {
  if (!isStrimzi(manifest)) return [];
  const container = (
    name: string,
    template: Partial<Container> | undefined,
    operand: Operand | undefined,
  ): Container => ({
    ...template,
    name,
    ...(operand?.resources === undefined ? {} : { resources: operand.resources }),
  });
  if (manifest.kind === 'KafkaNodePool') {
    const pool = specOf<NodePool>(manifest);
    const init = container('init', pool.template?.initContainer, pool);
    return [
      {
        ...pool.template?.pod,
        initContainers: pool.roles?.includes('broker') === true ? [init] : [],
        containers: [container('kafka', pool.template?.kafkaContainer, pool)],
      },
    ];
  }
  if (manifest.kind !== 'Kafka') return [];
  const { entityOperator, kafkaExporter } = specOf<KafkaSpec>(manifest);
  const { topicOperator, userOperator, template } = entityOperator ?? {};
  const operators = [
    topicOperator === undefined ? [] : container('topic-operator', template?.topicOperatorContainer, topicOperator),
    userOperator === undefined ? [] : container('user-operator', template?.userOperatorContainer, userOperator),
  ].flat();
  return [
    ...(operators.length === 0 ? [] : [{ ...template?.pod, containers: operators }]),
    ...(kafkaExporter === undefined
      ? []
      : [
          {
            ...kafkaExporter.template?.pod,
            containers: [container('kafka-exporter', kafkaExporter.template?.container, kafkaExporter)],
          },
        ]),
  ];
}
