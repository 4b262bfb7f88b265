import { applyOrder } from './apply-order.ts';
import { type Manifest, specOf } from './policies/manifest.ts';

/** Something that keeps a teardown from ending, outlives it, or takes data with it. */
export interface TeardownBlock {
  readonly object: Manifest;
  /** `waits`: its deletion hangs until somebody acts. `stays`: it is left behind, on purpose. `loses`: data goes with it. */
  readonly effect: 'waits' | 'stays' | 'loses';
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}

interface Finalizer {
  readonly kinds: readonly string[];
  /** Where others have a kind of the same name. */
  readonly group?: string;
  readonly name: string;
  /** Who takes the finalizer off. */
  readonly controller: string;
}

/** Finalizers that controllers put on objects after they were applied: nothing in a manifest shows them. */
const FINALIZERS: readonly Finalizer[] = [
  { kinds: ['ScaledObject', 'ScaledJob'], name: 'finalizer.keda.sh', controller: 'KEDA' },
  { kinds: ['Stream'], name: 'stream.nats.io/finalizer', controller: 'NACK' },
  { kinds: ['Consumer'], name: 'consumer.nats.io/finalizer', controller: 'NACK' },
  { kinds: ['Account'], name: 'account.nats.io/finalizer', controller: 'NACK' },
  { kinds: ['KeyValue'], name: 'kv.nats.io/finalizer', controller: 'NACK' },
  { kinds: ['ObjectStore'], group: 'jetstream.nats.io', name: 'objectstore.nats.io/finalizer', controller: 'NACK' },
  { kinds: ['Database'], group: 'postgresql.cnpg.io', name: 'cnpg.io/deleteDatabase', controller: 'CloudNativePG' },
  { kinds: ['KafkaTopic'], name: 'strimzi.io/topic-operator', controller: "Strimzi's topic operator" },
  {
    kinds: ['RabbitmqCluster'],
    name: 'deletion.finalizers.rabbitmqclusters.rabbitmq.com',
    controller: 'the RabbitMQ operator',
  },
  { kinds: ['NodePool'], name: 'karpenter.sh/termination', controller: 'Karpenter' },
  { kinds: ['EC2NodeClass'], name: 'karpenter.k8s.aws/termination', controller: 'Karpenter' },
  { kinds: ['ClusterQueue', 'ResourceFlavor'], name: 'kueue.x-k8s.io/resource-in-use', controller: 'Kueue' },
];

/** What blocks or outlives the teardown of a platform, in the order in which it is taken down: last applied, first gone. */
export function teardownBlocks(manifests: readonly Manifest[]): readonly TeardownBlock[] {
  const reversed = applyOrder(manifests)
    .flatMap(({ objects }) => objects)
    .toReversed();
  return reversed.flatMap((object) => RULES.flatMap((rule) => rule(object, manifests)));
}

type Rule = (object: Manifest, all: readonly Manifest[]) => readonly TeardownBlock[];

const waits = (object: Manifest, reason: string, remedy: string): readonly TeardownBlock[] => [
  { object, effect: 'waits', reason, remedy },
];

const stays = (object: Manifest, reason: string, remedy: string): readonly TeardownBlock[] => [
  { object, effect: 'stays', reason, remedy },
];

const loses = (object: Manifest, reason: string, remedy: string): readonly TeardownBlock[] => [
  { object, effect: 'loses', reason, remedy },
];

const controllerFinalizer: Rule = (object) =>
  FINALIZERS.filter(
    ({ kinds, group }) =>
      kinds.includes(object.kind) && (group === undefined || object.apiVersion.startsWith(`${group}/`)),
  ).flatMap(({ name, controller }) =>
    waits(object, `carries ${name}, which ${controller} takes off`, `delete it while ${controller} still runs`),
  );

const statedFinalizer: Rule = (object) => {
  const { finalizers = [] } = object.metadata as { readonly finalizers?: readonly string[] };
  return finalizers.flatMap((name) =>
    waits(object, `is written with the finalizer ${name}`, 'delete it while its controller still runs'),
  );
};

const preventedDelete: Rule = (object) =>
  specOf<{ preventDelete: boolean }>(object).preventDelete === true
    ? stays(
        object,
        'has preventDelete: the broker keeps it and its items, and the next apply takes it over',
        'delete it on the broker once its items are not needed; until then no other cluster may write it',
      )
    : [];

interface ClaimSpec {
  readonly accessModes: readonly string[];
}

/** A pod that hangs holds the volume on its node, and a claim in use is not deleted. */
const claim: Rule = (object) => {
  if (object.kind !== 'PersistentVolumeClaim') return [];
  const { accessModes = [] } = specOf<ClaimSpec>(object);
  const oneWriter = accessModes.some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
  return [
    ...waits(
      object,
      `is held by kubernetes.io/pvc-protection while a pod uses it${oneWriter ? '; one node writes it at a time' : ''}`,
      'delete the workloads first and wait until their pods are gone',
    ),
    ...stays(
      object,
      'leaves its volume where its class of storage says reclaimPolicy Retain, and destroys it where it says Delete',
      'take a snapshot before; kubectl get storageclass shows which',
    ),
  ];
};

interface SetSpec {
  readonly volumeClaimTemplates: readonly unknown[];
  readonly persistentVolumeClaimRetentionPolicy: { readonly whenDeleted?: string };
}

const setVolumes: Rule = (object) => {
  if (object.kind !== 'StatefulSet') return [];
  const { volumeClaimTemplates = [], persistentVolumeClaimRetentionPolicy } = specOf<SetSpec>(object);
  return volumeClaimTemplates.length === 0 || persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete'
    ? []
    : stays(
        object,
        'keeps the claims of its pods (whenDeleted: Retain)',
        'delete the claims by hand once a backup is tested',
      );
};

/** Strimzi's volumes stay unless each says `deleteClaim: true`. */
const kafkaVolumes: Rule = (object) => {
  if (object.kind !== 'KafkaNodePool') return [];
  const { storage } = specOf<{ storage: { readonly volumes?: readonly { readonly deleteClaim?: boolean }[] } }>(object);
  return (storage?.volumes ?? []).some(({ deleteClaim }) => deleteClaim !== true)
    ? stays(
        object,
        'keeps the claims of its brokers (deleteClaim: false)',
        'delete the claims by hand once a backup is tested',
      )
    : [];
};

/** The claims of its nodes are the operator's to delete: they carry the cluster as their owner, whatever its retention says. */
const rabbitVolumes: Rule = (object) =>
  object.kind === 'RabbitmqCluster'
    ? loses(
        object,
        'takes the claims of its nodes with it, and every message on them',
        'drain its queues, or shovel them to another cluster, before it is deleted',
      )
    : [];

const postgresVolumes: Rule = (object) =>
  object.kind === 'Cluster' && object.apiVersion.startsWith('postgresql.cnpg.io/')
    ? loses(
        object,
        'takes the claims of its instances with it, and every database on them: what is left is the archive in its bucket',
        'make a last backup, restore it elsewhere, and only then delete it',
      )
    : [];

const loadBalancer: Rule = (object) =>
  object.kind === 'Gateway' || (object.kind === 'Service' && specOf<{ type: string }>(object).type === 'LoadBalancer')
    ? waits(
        object,
        'has a load balancer of the cloud, whose network interfaces keep the network from being deleted',
        'delete it and wait until the load balancer is gone before the cluster or its network',
      )
    : [];

const namespaceInUse: Rule = (object, all) => {
  if (object.kind !== 'Namespace') return [];
  const inside = all.filter(({ metadata }) => metadata.namespace === object.metadata.name).length;
  return inside === 0
    ? []
    : waits(
        object,
        `is in use by ${inside} ${inside === 1 ? 'object' : 'objects'} and terminates for as long as one of them has a finalizer`,
        'delete what is in it first, in the order above; an operator that went before leaves it terminating for good',
      );
};

const RULES: readonly Rule[] = [
  controllerFinalizer,
  statedFinalizer,
  preventedDelete,
  claim,
  setVolumes,
  kafkaVolumes,
  rabbitVolumes,
  postgresVolumes,
  loadBalancer,
  namespaceInUse,
];
