import type { NewJob } from '../../../../services/kit/src/jobs/job.ts';

/** A job that asks for nothing special. */
export const newJob = (id: string, overrides: Partial<NewJob> = {}): NewJob => ({
  id,
  queue: 'q',
  task: 'plain',
  version: 1,
  idempotencyKey: id,
  keyExpiresAt: Number.MAX_SAFE_INTEGER,
  payload: new TextEncoder().encode(id),
  headers: {},
  createdAt: 0,
  runAt: 0,
  deadlineAt: undefined,
  priority: 0,
  group: undefined,
  orderKey: undefined,
  limitKey: undefined,
  maxAttempts: 3,
  maxCrashes: 2,
  needs: [],
  ...overrides,
});
