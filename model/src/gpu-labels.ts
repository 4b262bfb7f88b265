/** What a pod asks for to get whole devices. */
export const GPU_RESOURCE = 'nvidia.com/gpu';

/** Keeps off GPU nodes what needs no device. GKE sets it so by itself; every other pool says the same. */
export const GPU_TAINT = { key: GPU_RESOURCE, value: 'present', effect: 'NoSchedule' } as const;

/** Class of the devices of a node. */
export const GPU_CLASS_LABEL = 'penstock.dev/gpu-class';

/** How the devices of a node are shared, `whole` when they are not; also the key of a taint where they are. */
export const GPU_SHARING_LABEL = 'penstock.dev/gpu-sharing';
