import { isGpuPool, type NodePoolSpec } from '../gpu.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 50, over the class of nodes that a GPU pool makes. */
export const gpuLocalDisk = kindPolicy(
  {
    id: 'gpu-local-disk',
    rules: [50],
    source: 'EKS Best Practices (AI/ML performance)',
    reads: ['NodePool'],
    reason:
      'images and models of many gigabytes come from the network disk, while the local disk that is paid for lies unused',
  },
  ['EC2NodeClass'],
  (manifest, all) => {
    const makesGpuNodes = all.some(
      (pool) =>
        isGpuPool(pool) && specOf<NodePoolSpec>(pool).template?.spec?.nodeClassRef?.name === manifest.metadata.name,
    );
    return [
      makesGpuNodes &&
        specOf<{ instanceStorePolicy: string }>(manifest).instanceStorePolicy !== 'RAID0' &&
        'does not use the local disks, expected instanceStorePolicy RAID0',
    ];
  },
);
