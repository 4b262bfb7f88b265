import { z } from 'zod';
import { type Route, route } from './route.ts';
import type { ScheduleDesk } from './schedule-desk.ts';
import { NewSchedule, QueueName, ScheduleName, ScheduleView } from './shapes.ts';

const InQueue = z.object({ queue: QueueName });
const OneSchedule = z.object({ queue: QueueName, schedule: ScheduleName });
const answers = { 200: { description: 'The schedule as it is', schema: ScheduleView } };
const problems = ['queue-missing', 'schedule-missing', 'schedule-refused'] as const;

/** Jobs at the times of a cron expression: made, looked at, paused and removed. */
export const scheduleRoutes = (desk: ScheduleDesk): readonly Route[] => [
  route({
    id: 'listSchedules',
    method: 'GET',
    path: '/v1/queues/{queue}/schedules',
    summary: 'The schedules of a queue: those that were put here, and those that its dispatchers declare',
    params: InQueue,
    answers: { 200: { description: 'The schedules', schema: z.object({ schedules: z.array(ScheduleView) }) } },
    problems: ['queue-missing'],
    run: async ({ params }) => ({ status: 200, body: { schedules: await desk.list(params.queue) } }),
  }),
  route({
    id: 'putSchedule',
    method: 'PUT',
    path: '/v1/queues/{queue}/schedules/{schedule}',
    summary:
      'Makes a schedule or changes it; put again as it is, it goes on where it was, and one that is paused resumes',
    params: OneSchedule,
    body: NewSchedule,
    answers: { 201: { description: 'It is new', schema: ScheduleView }, ...answers },
    problems: ['queue-missing', 'task-unknown', 'schedule-refused', 'storage-full'],
    async run({ params, body }) {
      const { isNew, view } = await desk.put(params.queue, params.schedule, body);
      return { status: isNew ? 201 : 200, body: view };
    },
  }),
  route({
    id: 'pauseSchedule',
    method: 'POST',
    path: '/v1/queues/{queue}/schedules/{schedule}/pause',
    summary: 'Its times come and go without a job, until it resumes',
    params: OneSchedule,
    answers,
    problems,
    run: async ({ params }) => ({ status: 200, body: await desk.pause(params.queue, params.schedule) }),
  }),
  route({
    id: 'resumeSchedule',
    method: 'POST',
    path: '/v1/queues/{queue}/schedules/{schedule}/resume',
    summary: 'Goes on with its next time; what came while it was paused was not missed',
    params: OneSchedule,
    answers,
    problems,
    run: async ({ params }) => ({ status: 200, body: await desk.resume(params.queue, params.schedule) }),
  }),
  route({
    id: 'removeSchedule',
    method: 'DELETE',
    path: '/v1/queues/{queue}/schedules/{schedule}',
    summary: 'Removes a schedule; the jobs that it has added stay',
    params: OneSchedule,
    answers: { 204: { description: 'It is gone' } },
    problems,
    async run({ params }) {
      await desk.remove(params.queue, params.schedule);
      return { status: 204 };
    },
  }),
];
