import { containerPolicy } from '../policy.ts';

/** Rule 37. */
export const resourcesStated = containerPolicy(
  {
    id: 'resources-stated',
    rules: [37],
    source: 'EKS Best Practices (Karpenter), kube-score',
    reason: 'what is not requested is not reserved: the node fills up and evicts whom it likes',
  },
  ({ resources: { requests = {}, limits = {} } = {} }) => [
    ...['cpu', 'memory', 'ephemeral-storage'].map((name) => requests[name] === undefined && `requests no ${name}`),
    limits['memory'] !== requests['memory'] && `memory limit ${limits['memory'] ?? '(none)'} is not its request`,
    limits['ephemeral-storage'] === undefined && 'has no limit on ephemeral-storage',
    requests['nvidia.com/gpu'] !== undefined &&
      limits['nvidia.com/gpu'] === undefined &&
      'requests a GPU without a limit',
  ],
);
