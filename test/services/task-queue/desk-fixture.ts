import { createApi, JobDesk, JobInstruments, readTasks } from '@penstock/task-queue';
import type { FastifyInstance } from 'fastify';
import { MemoryStore } from '../kit/jobs/memory-store.ts';

export const TASKS = JSON.stringify({
  tasks: [
    {
      name: 'ship',
      description: 'Ships an order',
      payload: {
        type: 'object',
        properties: { order: { type: 'string', minLength: 1 }, weight: { type: 'number', exclusiveMinimum: 0 } },
        required: ['order'],
        additionalProperties: false,
      },
      maxAttempts: 3,
      deadline: '1 day',
    },
    { name: 'note', payload: {} },
  ],
});

export interface Served {
  readonly store: MemoryStore;
  readonly desk: JobDesk;
  readonly api: FastifyInstance;
  /** Runs a job that is ready to its failure, as a dispatcher and a worker do. */
  readonly fail: (id: string) => Promise<void>;
  readonly jobs: () => number;
}

/** The API over jobs in memory, with the queue `orders`. */
export function serve(overrides: { readonly now?: () => number; readonly deadlineMs?: number } = {}): Served {
  const store = new MemoryStore();
  const { deadlineMs = 5_000, ...clock } = overrides;
  const desk = new JobDesk({
    store,
    queues: ['orders'],
    tasks: readTasks(TASKS, 'tasks.json'),
    instruments: new JobInstruments(),
    ...clock,
  });
  const api = createApi({ desk, deadlineMs, isLoopback: false, log: { error: () => {} } });
  return {
    store,
    desk,
    api,
    async fail(id) {
      store.database
        .prepare("UPDATE jobs SET state = 'released', release_no = release_no + 1, token = 0 WHERE id = ?")
        .run(id);
      const release = Number(
        store.database.prepare('SELECT release_no FROM jobs WHERE id = ?').get(id)?.['release_no'],
      );
      const fence = { job: id, release, token: 1 };
      await store.run('begin', { ...fence, worker: 'w', leaseUntil: 10, now: 5 });
      await store.run('settle', fence, { state: 'failed', code: 'broken', reason: 'it broke' }, 6);
    },
    jobs: () => Number(store.database.prepare('SELECT count(*) AS n FROM jobs').get()?.['n']),
  };
}
