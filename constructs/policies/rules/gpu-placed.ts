import { GPU_CLASS_LABEL } from '@penstock/model';
import { usesGpu } from '../gpu.ts';
import { podPolicy } from '../policy.ts';

/** Rule 13, from the side of the pod. */
export const gpuPlaced = podPolicy(
  {
    id: 'gpu-placed',
    rules: [13],
    source: 'EKS Best Practices (AI/ML compute), GKE documentation (GPUs)',
    reason:
      'a GPU is only a number to the scheduler: a model that was sized for one kind of device starts on any other',
  },
  (pod) => [
    usesGpu(pod) &&
      !DEVICE_LABELS.some((label) => pod.nodeSelector?.[label] !== undefined) &&
      pod.affinity?.nodeAffinity === undefined &&
      'asks for a GPU and does not say of which kind, by a label of the node',
  ],
);

/** Labels of nodes from which the kind of device follows. */
const DEVICE_LABELS: readonly string[] = [
  GPU_CLASS_LABEL,
  'cloud.google.com/gke-accelerator',
  'karpenter.k8s.aws/instance-gpu-name',
  'node.kubernetes.io/instance-type',
  'nvidia.com/gpu.product',
];
