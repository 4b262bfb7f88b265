import { KitError } from '@penstock/kit';
import { LONGEST_PAGE, type JobPage as Page, REDRIVEN_AT_MOST } from '@penstock/kit/jobs';
import { z } from 'zod';
import type { JobDesk } from './job-desk.ts';
import { defined } from './registered-tasks.ts';
import { type Route, route } from './route.ts';
import {
  Cancelled,
  Cursor,
  Job,
  JobId,
  JobPage,
  JobState,
  NewJobBody,
  QueueName,
  Receipt,
  Redriven,
  text,
} from './shapes.ts';

const InQueue = z.object({ queue: QueueName });
const OneJob = z.object({ id: JobId });
const LONGEST_KEY = 512;
const DEFAULT_PAGE = 50;

/** How a single job that was not redriven came to stay as it is. */
const REFUSED = {
  'not-failed': ['has not failed', 'redrive what failed only'],
  'needs-failed': ['needs a job that has failed', 'redrive that one first'],
  'order-passed': ['was passed by a later job of its order key', 'redrive it when that one is over'],
} as const;

const Listing = z.strictObject({
  state: JobState.optional(),
  task: text(128).optional(),
  group: text(256).optional(),
  order: z.enum(['newest', 'oldest']).default('newest'),
  cursor: Cursor.optional(),
  limit: z.coerce.number().int().min(1).max(LONGEST_PAGE).default(DEFAULT_PAGE),
});

/** Adding jobs, looking at them, cancelling and redriving them. */
export const jobRoutes = (desk: JobDesk): readonly Route[] => [
  route({
    id: 'addJob',
    method: 'POST',
    path: '/v1/queues/{queue}/jobs',
    summary: 'Adds a job; with a key that is known it is the job there is',
    params: InQueue,
    headers: z.object({
      'idempotency-key': text(LONGEST_KEY),
      traceparent: z.string().max(LONGEST_KEY).optional(),
      tracestate: z.string().max(LONGEST_KEY).optional(),
    }),
    body: NewJobBody,
    answers: {
      201: { description: 'It is durable', schema: Receipt, headers: { location: 'The job' } },
      200: { description: 'There was a job with this key', schema: Receipt, headers: { location: 'That job' } },
    },
    problems: ['queue-missing', 'job-missing', 'task-unknown', 'item-too-large', 'queue-full', 'storage-full'],
    async run({ params, headers, body: { task, payload, needs, ...options } }) {
      const { 'idempotency-key': idempotencyKey, ...incoming } = headers;
      const receipt = await desk.add(
        params.queue,
        task,
        payload,
        {
          ...defined(options),
          idempotencyKey,
          needs: (needs ?? []).map(({ job, ...how }) => ({ job, ...defined(how) })),
        },
        incoming,
      );
      return { status: receipt.duplicate ? 200 : 201, body: receipt, headers: { location: `/v1/jobs/${receipt.id}` } };
    },
  }),
  route({
    id: 'listJobs',
    method: 'GET',
    path: '/v1/queues/{queue}/jobs',
    summary: 'Jobs of a queue in the order they were added, by pages',
    params: InQueue,
    query: Listing,
    answers: {
      200: { description: 'A page', schema: JobPage, headers: { link: 'The next page, where there is one' } },
    },
    problems: ['queue-missing'],
    async run({ params, query: { cursor, ...filter } }) {
      const { name: queue } = desk.queue(params.queue);
      const { order, limit } = filter;
      const page = await desk.store.run('list', {
        ...defined(filter),
        order,
        limit,
        queue,
        ...defined({ after: cursor }),
      });
      const link = linkOf(`/v1/queues/${encodeURIComponent(queue)}/jobs`, filter, page);
      return { status: 200, body: pageOf(page), ...(link === undefined ? {} : { headers: { link } }) };
    },
  }),
  route({
    id: 'getJob',
    method: 'GET',
    path: '/v1/jobs/{id}',
    summary: 'One job with payload, history, steps, and the jobs around it',
    params: OneJob,
    answers: { 200: { description: 'The job', schema: Job } },
    problems: ['job-missing'],
    run: async ({ params }) => ({ status: 200, body: desk.view(await desk.inspect(params.id)) }),
  }),
  route({
    id: 'cancelJob',
    method: 'POST',
    path: '/v1/jobs/{id}/cancel',
    summary: 'Cancels a job: what has not begun never will, what runs is told within a second',
    params: OneJob,
    body: z
      .strictObject({ reason: text(1_024).optional() })
      .optional()
      .meta({ id: 'CancelJob' }),
    answers: {
      200: { description: 'It will not run, or it was over before', schema: Cancelled },
      202: { description: 'Its worker is told', schema: Cancelled },
    },
    problems: ['job-missing'],
    async run({ params, body }) {
      const { job } = await desk.inspect(params.id);
      const outcome = await desk.queue(job.queue).cancel(job.id, body?.reason);
      if (outcome === 'missing') throw new KitError('job-missing', `no job ${job.id}`);
      return { status: outcome === 'cancelling' ? 202 : 200, body: { outcome } };
    },
  }),
  route({
    id: 'redriveJob',
    method: 'POST',
    path: '/v1/jobs/{id}/redrive',
    summary: 'Makes a failed job ready again: attempts start anew, history stays',
    params: OneJob,
    answers: { 200: { description: 'It is ready, or waits behind others', schema: Job } },
    problems: ['job-missing', 'redrive-refused'],
    async run({ params }) {
      const { job } = await desk.inspect(params.id);
      const answer = await desk.store.run('redrive', job.id, desk.now());
      if (answer === 'missing') throw new KitError('job-missing', `no job ${job.id}`);
      if (answer !== 'redriven') {
        const [why, repair] = REFUSED[answer];
        throw new KitError('redrive-refused', `job ${job.id} ${why}`, { repair });
      }
      return { status: 200, body: desk.view(await desk.inspect(job.id)) };
    },
  }),
  route({
    id: 'redriveJobs',
    method: 'POST',
    path: '/v1/queues/{queue}/redrive',
    summary: 'Makes failed jobs ready again, the oldest first; go on with `next` until there is none',
    params: InQueue,
    body: z
      .strictObject({
        task: text(128).optional(),
        group: text(256).optional(),
        after: z.int().min(1).optional(),
        limit: z.int().min(1).max(REDRIVEN_AT_MOST).default(REDRIVEN_AT_MOST),
      })
      .optional()
      .meta({ id: 'RedriveJobs' }),
    answers: { 200: { description: 'How many', schema: Redriven } },
    problems: ['queue-missing'],
    async run({ params, body }) {
      const { name: queue } = desk.queue(params.queue);
      const { limit = REDRIVEN_AT_MOST, ...filter } = body ?? {};
      const redriven = await desk.store.run('redriveAll', { ...defined(filter), queue, limit, now: desk.now() });
      return { status: 200, body: redriven };
    },
  }),
];

/** RFC 8288: the same question from where this page ends. */
function linkOf(path: string, filter: Readonly<Record<string, unknown>>, { next }: Page): string | undefined {
  if (next === undefined) return undefined;
  const query = new URLSearchParams(
    Object.entries(defined({ ...filter, cursor: next })).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  );
  return `<${path}?${query}>; rel="next"`;
}

const pageOf = ({ jobs, next }: Page): z.input<typeof JobPage> => ({
  jobs: jobs.map(({ seq: _, ...job }) => ({ ...job })),
  next,
});
