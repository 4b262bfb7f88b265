import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';
import { isStrimzi, type KafkaSpec, type NodePool } from '../strimzi.ts';

const ZONE = 'topology.kubernetes.io/zone';

/** Rule 53. */
export const kafkaPlacement = kindPolicy(
  {
    id: 'kafka-placement',
    rules: [53],
    source: 'Strimzi documentation (storage, common configuration)',
    reason: 'copies in one zone go with the zone, on a disk of the pod with the pod; a heap that grows is killed',
  },
  ['Kafka', 'KafkaNodePool'],
  (manifest) => {
    if (!isStrimzi(manifest)) return [];
    if (manifest.kind === 'Kafka') {
      const key = specOf<KafkaSpec>(manifest).kafka?.rack?.topologyKey;
      return [key !== ZONE && `rack.topologyKey is ${key ?? 'not stated'}, expected ${ZONE}`];
    }
    const { storage, resources, jvmOptions } = specOf<NodePool>(manifest);
    const volumes = storage?.volumes ?? [];
    const heap = quantityOf(heapText(jvmOptions?.['-Xmx']));
    const limit = quantityOf(resources?.limits?.['memory']);
    return [
      storage?.type !== 'jbod' &&
        `storage is ${storage?.type ?? 'not stated'}, expected jbod, to which disks can be added`,
      volumes.length === 0 && 'has no disk',
      ...volumes.flatMap(({ type, deleteClaim }) => [
        type !== 'persistent-claim' && `has a disk that is ${type}, expected a persistent-claim`,
        deleteClaim === true && 'deletes its disks with the resource',
      ]),
      ...(['cpu', 'memory'] as const).map((name) => resources?.requests?.[name] === undefined && `requests no ${name}`),
      (limit === undefined || resources?.limits?.['memory'] !== resources?.requests?.['memory']) &&
        'memory limit is not its request',
      (jvmOptions?.['-Xms'] === undefined || heap === undefined) && 'does not state its heap (jvmOptions -Xms, -Xmx)',
      heap !== undefined && limit !== undefined && heap >= limit && 'its heap leaves no memory for the page cache',
    ];
  },
);

/** The JVM writes `4g` and `512m` for what Kubernetes writes `4Gi` and `512Mi`. */
const heapText = (text: string | undefined): string | undefined =>
  text?.replace(/^(\d+)([kmg])$/i, (_, digits: string, unit: string) => `${digits}${unit.toUpperCase()}i`);
