import { defineTask } from '@penstock/kit/jobs';
import { z } from 'zod';

const payload = z.object({
  key: z.string(),
  workMs: z.number(),
  failures: z.union([z.number(), z.enum(['refused', 'always'])]),
  orderKey: z.string().exactOptional(),
  hasStep: z.boolean().exactOptional(),
});

const backoff = { kind: 'fixed', every: '5 milliseconds', jitter: 'none' } as const;

/** Faults never use its attempts up. */
export const WORK = defineTask({ name: 'work', payload, retry: { maxAttempts: 60, maxCrashes: 60, backoff } });

/** What fails however often it is tried. */
export const HOPELESS = defineTask({ name: 'hopeless', payload, retry: { maxAttempts: 3, maxCrashes: 60, backoff } });

export const TASKS = [WORK, HOPELESS] as const;
