import { gpusOf } from '../gpu.ts';
import { containersOf } from '../manifest.ts';
import { podPolicy } from '../policy.ts';
import { quantityOf } from '../quantity.ts';

interface MemoryVolume {
  readonly medium?: string;
  readonly sizeLimit?: string | number;
}

/** Rule 50. */
export const sharedMemory = podPolicy(
  {
    id: 'shared-memory',
    rules: [50],
    source: 'EKS Best Practices (AI/ML performance); common practice of NCCL and PyTorch',
    reason:
      'GPUs of one pod talk over /dev/shm, which is 64 MB unless stated; memory volumes without a size take the memory of the node',
  },
  (pod) => {
    const memory = new Map(
      (pod.volumes ?? []).flatMap((volume) => {
        const source = volume['emptyDir'] as MemoryVolume | undefined;
        return source?.medium === 'Memory' ? [[volume['name'] as string, source] as const] : [];
      }),
    );
    return [
      ...[...memory].map(
        ([name, { sizeLimit }]) => sizeLimit === undefined && `memory volume ${name} has no sizeLimit`,
      ),
      ...containersOf(pod).flatMap((container) => {
        const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === '/dev/shm');
        const volume = memory.get(mount?.name ?? '');
        const size = quantityOf(volume?.sizeLimit);
        const limit = quantityOf(container.resources?.limits?.['memory']);
        return [
          gpusOf(container) > 1 &&
            volume === undefined &&
            `container ${container.name}: has ${gpusOf(container)} GPUs and no memory volume at /dev/shm`,
          size !== undefined &&
            limit !== undefined &&
            size >= limit &&
            `container ${container.name}: /dev/shm may take all of its memory`,
        ];
      }),
    ];
  },
);
