import { containerPolicy } from '../policy.ts';
import { profileOf } from '../profile.ts';

/** Rule 42, on the numbers that the service itself will run by. */
export const graceCoversWork = containerPolicy(
  {
    id: 'grace-covers-work',
    rules: [42],
    source: 'EKS Best Practices (reliability)',
    reason:
      'a pod that is killed in the middle of its drain leaves its work to the end of the lease, and its callers to an error',
  },
  (container, { terminationGracePeriodSeconds }) => {
    const profile = profileOf(container);
    if (profile === undefined) return [];
    const { drainMs } = profile;
    if (typeof drainMs !== 'number') return ['its profile states no drainMs'];
    const neededMs = drainMs + (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
    return [
      terminationGracePeriodSeconds === undefined
        ? `terminationGracePeriodSeconds is not stated, expected at least ${neededMs / 1_000} s for drain and preStop`
        : terminationGracePeriodSeconds * 1_000 < neededMs &&
          `terminationGracePeriodSeconds ${terminationGracePeriodSeconds} is shorter than drain and preStop, ${neededMs / 1_000} s`,
    ];
  },
);
