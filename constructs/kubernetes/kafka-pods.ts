import { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { KafkaNodePoolSpec, KafkaSpec } from './crd/kafka.ts';
import { byteQuantity, resourceRequirements } from './lowering.ts';
import { keepApart } from './placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './pod-security.ts';

/** What each node of a pool has; a claim cannot be made smaller, and a storage class that can grow it is wise. */
export interface KafkaNodeSize {
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  readonly storage: { readonly storageClass: string; readonly size: Bytes };
}

interface KafkaPoolProps {
  readonly role: 'broker' | 'controller';
  readonly replicas: number;
  readonly size: KafkaNodeSize;
  /** Of its pods, as Strimzi labels them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Half at most: Kafka reads and writes through the page cache, which is what the rest of the memory is for. */
const HEAP_SHARE = 0.5;
/** Beyond it a heap of Kafka's holds nothing more and only takes longer to collect. */
const LARGEST_HEAP = Bytes.parse('6 GiB');
const MEBIBYTE = 1_048_576;
/** To hand leadership over and close every segment: a broker that is killed reads its whole log at the next start. */
const TERMINATION_GRACE_SECONDS = 120;
/** Container logs; data has volumes. */
const SCRATCH = Bytes.parse('256 MiB');
/** `/tmp` is memory. Codecs unpack their native libraries there, for which Strimzi's own 5 MiB are tight. */
const TMP = '16Mi';
/** Each of the three holds metadata of topics, users or groups, and no events. */
const OPERATOR = { cpu: 0.1, memory: Bytes.parse('512 MiB'), ephemeralStorage: SCRATCH };
const EXPORTER = { cpu: 0.05, memory: Bytes.parse('128 MiB'), ephemeralStorage: SCRATCH };

const CONTAINER = { securityContext: RESTRICTED_CONTAINER };
const POD = { securityContext: RESTRICTED_POD, tmpDirSizeLimit: TMP };

type Resources = KafkaNodePoolSpec['resources'];

const resourcesOf = (amounts: Parameters<typeof resourceRequirements>[0]): Resources =>
  k8s.toJson_ResourceRequirements(resourceRequirements(amounts)) as Resources;

/** Stated, since what Strimzi would compute follows its release; both ends alike, or the heap grows under load. */
function heapOf(memory: Bytes): KafkaNodePoolSpec['jvmOptions'] {
  const heap = Math.min(memory.bytes * HEAP_SHARE, LARGEST_HEAP.bytes);
  const text = `${Math.floor(heap / MEBIBYTE)}m`;
  return { '-Xms': text, '-Xmx': text };
}

/** Nodes of one role, each on a disk of its own that outlives it. */
export function kafkaPool({ role, replicas, size, labels }: KafkaPoolProps): KafkaNodePoolSpec {
  return {
    replicas,
    roles: [role],
    storage: {
      type: 'jbod',
      volumes: [
        {
          id: 0,
          type: 'persistent-claim',
          class: size.storage.storageClass,
          size: byteQuantity(size.storage.size),
          deleteClaim: false,
          kraftMetadata: 'shared',
        },
      ],
    },
    resources: resourcesOf({ ...size.resources, ephemeralStorage: SCRATCH }),
    jvmOptions: heapOf(size.resources.memory),
    template: {
      pod: {
        ...POD,
        terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
        ...(replicas > 1 ? keepApart(labels) : {}),
      },
      kafkaContainer: CONTAINER,
      // Asks in which zone the broker is.
      ...(role === 'broker' ? { initContainer: CONTAINER } : {}),
    },
  };
}

/** Makes what KafkaTopic and KafkaUser objects say. */
export const entityOperator = (): KafkaSpec['entityOperator'] => ({
  topicOperator: { resources: resourcesOf(OPERATOR) },
  userOperator: { resources: resourcesOf(OPERATOR) },
  template: { pod: POD, topicOperatorContainer: CONTAINER, userOperatorContainer: CONTAINER },
});

/** Tells Prometheus the lag of every group, which no broker knows. */
export const kafkaExporter = (): KafkaSpec['kafkaExporter'] => ({
  resources: resourcesOf(EXPORTER),
  template: { pod: POD, container: CONTAINER },
});
