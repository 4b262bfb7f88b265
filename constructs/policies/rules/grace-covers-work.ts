import { PROFILE_VARIABLE } from '@penstock/model';
import { containerPolicy } from '../policy.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** Rule 42, on the numbers that the service itself will run by. */
export const graceCoversWork = containerPolicy(
  'grace-covers-work',
  'a pod that is killed in the middle of its drain leaves its work to the end of the lease, and its callers to an error',
  ({ env, lifecycle }, { terminationGracePeriodSeconds = DEFAULT_GRACE_SECONDS }) => {
    const profile = env?.find(({ name }) => name === PROFILE_VARIABLE)?.value;
    if (profile === undefined) return [];
    const drainMs = drainOf(profile);
    if (drainMs === undefined) return [`${PROFILE_VARIABLE} states no drainMs`];
    const neededMs = drainMs + (lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
    return [
      terminationGracePeriodSeconds * 1_000 < neededMs &&
        `terminationGracePeriodSeconds ${terminationGracePeriodSeconds} is shorter than drain and preStop, ${neededMs / 1_000} s`,
    ];
  },
);

function drainOf(profile: string): number | undefined {
  try {
    const { drainMs } = JSON.parse(profile) as { readonly drainMs?: unknown };
    return typeof drainMs === 'number' ? drainMs : undefined;
  } catch {
    return undefined;
  }
}
