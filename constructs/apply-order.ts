import type { Manifest } from './policies/manifest.ts';

/** One step of an apply: what may go in together, and what has to be so before the next step. */
export interface Stage {
  readonly id: StageId;
  readonly objects: readonly Manifest[];
  /** What the next stage needs of this one; undefined where the API server takes the next at once. */
  readonly waitFor: string | undefined;
}

/** The kinds of a stage; those that take a while say by which condition they are done. */
type StageKinds = Readonly<Record<string, Condition | undefined>>;
type Condition = 'Established' | 'Ready' | 'Active' | 'Available' | 'Complete' | 'Programmed';

/**
 * The stages, first to last. An object stands in the one that names its kind: quotas and network policies before the
 * pods they hold, secrets before who reads them, brokers before their streams, streams before the workers that bind to
 * them, workers before what scales them.
 */
const STAGES = {
  namespaces: { Namespace: undefined },
  definitions: { CustomResourceDefinition: 'Established' },
  foundations: {
    ResourceQuota: undefined,
    LimitRange: undefined,
    NetworkPolicy: undefined,
    PriorityClass: undefined,
    RuntimeClass: undefined,
    StorageClass: undefined,
    ServiceAccount: undefined,
    ClusterRole: undefined,
    ClusterRoleBinding: undefined,
    Role: undefined,
    RoleBinding: undefined,
    Service: undefined,
  },
  secrets: {
    ClusterSecretStore: 'Ready',
    SecretStore: 'Ready',
    ExternalSecret: 'Ready',
    ClusterIssuer: 'Ready',
    Issuer: 'Ready',
    Certificate: 'Ready',
    Secret: undefined,
    ConfigMap: undefined,
    ClusterTriggerAuthentication: undefined,
    TriggerAuthentication: undefined,
    // NATS has a kind of the same name, among the streams.
    'ObjectStore.barmancloud.cnpg.io': undefined,
  },
  nodes: {
    EC2NodeClass: 'Ready',
    NodeClass: 'Ready',
    NodePool: 'Ready',
    ResourceFlavor: undefined,
    ClusterQueue: 'Active',
    LocalQueue: 'Active',
    DeviceClass: undefined,
    ResourceClaimTemplate: undefined,
    DaemonSet: undefined,
  },
  brokers: {
    StatefulSet: 'Available',
    KafkaNodePool: undefined,
    Kafka: 'Ready',
    RabbitmqCluster: 'Ready',
    Cluster: 'Ready',
    Pooler: undefined,
    Account: 'Ready',
  },
  streams: {
    Stream: 'Ready',
    Consumer: 'Ready',
    KeyValue: 'Ready',
    ObjectStore: 'Ready',
    KafkaTopic: 'Ready',
    KafkaUser: 'Ready',
    Database: undefined,
    ScheduledBackup: undefined,
  },
  // A claim is bound only when its first pod is there: nothing waits for it.
  storage: { PersistentVolume: undefined, PersistentVolumeClaim: undefined },
  migrations: { Job: 'Complete' },
  workloads: {
    ResourceClaim: undefined,
    Deployment: 'Available',
    LeaderWorkerSet: 'Available',
    CronJob: undefined,
    PodDisruptionBudget: undefined,
  },
  scalers: { ScaledObject: 'Ready', ScaledJob: 'Ready', HorizontalPodAutoscaler: undefined },
  edge: { GatewayClass: undefined, Gateway: 'Programmed', HTTPRoute: undefined, GRPCRoute: undefined },
  monitoring: { PodMonitor: undefined, PodMonitoring: undefined, ServiceMonitor: undefined, PrometheusRule: undefined },
  /** Kinds that this table does not know; last, so that whatever they refer to is there. */
  others: {},
} as const satisfies Readonly<Record<string, StageKinds>>;

export type StageId = keyof typeof STAGES;

const ORDER = Object.keys(STAGES) as readonly StageId[];
const KINDS: ReadonlyMap<string, { readonly stage: StageId; readonly place: number }> = new Map(
  ORDER.flatMap((stage) => Object.keys(STAGES[stage]).map((kind) => [kind, stage] as const)).map(
    ([kind, stage], place) => [kind, { stage, place }],
  ),
);

/** By which condition an object says that those after it may come; undefined where there is nothing to wait for. */
export function readyWhen(manifest: Manifest): string | undefined {
  const stage = entryOf(manifest)?.stage;
  if (stage === undefined) return undefined;
  const kinds: StageKinds = STAGES[stage];
  return kinds[`${manifest.kind}.${manifest.apiVersion.split('/')[0]}`] ?? kinds[manifest.kind];
}

/** By its kind and group where two share a kind, else by its kind. */
const entryOf = ({ apiVersion, kind }: Manifest) => KINDS.get(`${kind}.${apiVersion.split('/')[0]}`) ?? KINDS.get(kind);

/** The stages that have objects. Within one, kinds stand in the table's order, objects of one kind as they came. */
export function applyOrder(manifests: readonly Manifest[]): readonly Stage[] {
  const placeOf = (manifest: Manifest): number => entryOf(manifest)?.place ?? KINDS.size;
  return ORDER.flatMap((id) => {
    const objects = manifests
      .filter((manifest) => (entryOf(manifest)?.stage ?? 'others') === id)
      .toSorted((a, b) => placeOf(a) - placeOf(b));
    return objects.length === 0 ? [] : [{ id, objects, waitFor: conditionsOf(STAGES[id], objects) }];
  });
}

/** e.g. `ExternalSecret and Certificate are Ready`, of the kinds that are there. */
function conditionsOf(kinds: StageKinds, objects: readonly Manifest[]): string | undefined {
  const there = [...new Set(objects.map(({ kind }) => kind))].filter((kind) => kinds[kind] !== undefined);
  const byCondition = Map.groupBy(there, (kind) => kinds[kind]);
  const texts = [...byCondition].map(([condition, names]) => `every ${names.join(' and ')} is ${condition}`);
  return texts.length === 0 ? undefined : texts.join(', ');
}
