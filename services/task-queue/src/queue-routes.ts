import { z } from 'zod';
import type { JobDesk } from './job-desk.ts';
import { defined } from './registered-tasks.ts';
import { type Route, route } from './route.ts';
import { Queue, QueueBoundBody, QueueName, TaskView } from './shapes.ts';

const InQueue = z.object({ queue: QueueName });
/** Whoever looks in a loop takes what is known; a person who just changed something asks for it anew. */
const Freshness = z.object({
  'cache-control': z.string().optional().describe('`no-cache`: counted anew'),
});
const counted = (desk: JobDesk, queue: string, { 'cache-control': cache }: z.output<typeof Freshness>) =>
  cache?.includes('no-cache') === true ? desk.freshCounts(queue) : desk.counts(queue);

const answers = { 200: { description: 'The queue as it is', schema: Queue } };

/** What queues and tasks there are, and stopping and starting a queue. */
export const queueRoutes = (desk: JobDesk): readonly Route[] => [
  route({
    id: 'listQueues',
    method: 'GET',
    path: '/v1/queues',
    summary: 'All queues with their counts and ages, at most a second old',
    headers: Freshness,
    answers: { 200: { description: 'The queues', schema: z.object({ queues: z.array(Queue) }) } },
    run: async ({ headers }) => ({
      status: 200,
      body: { queues: await Promise.all(desk.queues.map((queue) => counted(desk, queue, headers))) },
    }),
  }),
  route({
    id: 'getQueue',
    method: 'GET',
    path: '/v1/queues/{queue}',
    summary: 'One queue with its counts and ages, at most a second old',
    params: InQueue,
    headers: Freshness,
    answers,
    problems: ['queue-missing'],
    run: async ({ params, headers }) => ({ status: 200, body: await counted(desk, params.queue, headers) }),
  }),
  route({
    id: 'pauseQueue',
    method: 'POST',
    path: '/v1/queues/{queue}/pause',
    summary: 'Releases nothing more; what is out goes on, and with its end the queue is drained',
    params: InQueue,
    answers,
    problems: ['queue-missing'],
    async run({ params }) {
      const { name } = desk.queue(params.queue);
      await desk.store.run('pause', name, desk.now());
      return { status: 200, body: await desk.freshCounts(name) };
    },
  }),
  route({
    id: 'resumeQueue',
    method: 'POST',
    path: '/v1/queues/{queue}/resume',
    summary: 'Releases jobs again',
    params: InQueue,
    answers,
    problems: ['queue-missing'],
    async run({ params }) {
      const { name } = desk.queue(params.queue);
      await desk.store.run('resume', name);
      return { status: 200, body: await desk.freshCounts(name) };
    },
  }),
  route({
    id: 'boundQueue',
    method: 'PUT',
    path: '/v1/queues/{queue}/bound',
    summary: 'Sets how much the queue takes: what is added beyond it is refused with 429 and Retry-After',
    params: InQueue,
    body: QueueBoundBody,
    answers,
    problems: ['queue-missing'],
    async run({ params, body }) {
      await desk.queue(params.queue).bound(defined(body));
      return { status: 200, body: await desk.freshCounts(params.queue) };
    },
  }),
  route({
    id: 'listTasks',
    method: 'GET',
    path: '/v1/tasks',
    summary: 'The tasks that jobs may be added of, each with the JSON Schema of its payload',
    answers: { 200: { description: 'The tasks', schema: z.object({ tasks: z.array(TaskView) }) } },
    run: async () => ({
      status: 200,
      body: {
        tasks: desk.tasks.map(({ task: { name, version }, description, payload }) => ({
          name,
          version,
          description,
          payload,
        })),
      },
    }),
  }),
];
