import type { QueueProfile } from '@penstock/model';

/** What the queue was provisioned with and this profile says otherwise, field by field, for people. Empty for the same. */
export function profileDifferences(provisioned: QueueProfile, profile: QueueProfile): readonly string[] {
  const keys = Object.keys(profile) as (keyof QueueProfile)[];
  return keys
    .filter((key) => JSON.stringify(provisioned[key]) !== JSON.stringify(profile[key]))
    .map((key) => `${key} is ${JSON.stringify(provisioned[key])}, expected ${JSON.stringify(profile[key])}`);
}
