import { podPolicy } from '../policy.ts';

/** Rule 37, for volumes on the disk of the node; `shared-memory` has those in its memory. */
export const scratchBounded = podPolicy(
  {
    id: 'scratch-bounded',
    rules: [37],
    source: 'EKS Best Practices (reliability), NSA/CISA',
    reason: 'a scratch volume that fills up takes the disk of the node from every other pod on it',
  },
  (pod) =>
    (pod.volumes ?? []).map((volume) => {
      const source = volume['emptyDir'] as { readonly medium?: string; readonly sizeLimit?: unknown } | undefined;
      return (
        source !== undefined &&
        source.medium !== 'Memory' &&
        source.sizeLimit === undefined &&
        `scratch volume ${String(volume['name'])} has no sizeLimit`
      );
    }),
);
