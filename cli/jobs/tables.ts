import { plain, span, table } from '../table.ts';
import type { JobDetails, JobFacts, QueueFacts, ScheduleFacts } from './jobs-client.ts';

const counted = (count: number): string => (count >= 10_000 ? '10000+' : String(count));

function standing({ isDrained, pausedAt, leader }: QueueFacts): string {
  if (isDrained) return 'drained';
  if (pausedAt !== undefined) return 'paused';
  return leader === undefined ? 'no dispatcher' : 'running';
}

export function queuesTable(queues: readonly QueueFacts[]): string {
  const rows = queues.map((facts) => {
    const { queue, states, delayed, oldestReadyMs, totals } = facts;
    const out = states.released + states.running;
    const numbers = [Math.max(0, states.ready - delayed), delayed, states.waiting, out, states.failed].map(counted);
    return [plain(queue), standing(facts), ...numbers, span(oldestReadyMs), String(totals.added), String(totals.ended)];
  });
  return table(['queue', '', 'ready', 'later', 'waiting', 'out', 'failed', 'oldest', 'added', 'ended'], rows);
}

const LONGEST_REASON = 60;

export function jobsTable(jobs: readonly JobFacts[]): string {
  if (jobs.length === 0) return 'no job matches\n';
  const rows = jobs.map(({ id, task, state, attempt, maxAttempts, createdAt, lastFailure }) => [
    id,
    plain(task),
    state,
    `${attempt}/${maxAttempts}`,
    new Date(createdAt).toISOString(),
    lastFailure === undefined ? '' : plain(`${lastFailure.code}: ${lastFailure.reason}`).slice(0, LONGEST_REASON),
  ]);
  return table(['job', 'task', 'state', 'attempts', 'added', 'last failure'], rows);
}

export function schedulesTable(schedules: readonly ScheduleFacts[]): string {
  if (schedules.length === 0) return 'no schedule\n';
  const rows = schedules.map(({ name, cron = '', timeZone = '', missed = '', job, nextAt, isPaused, isDeclared }) => [
    plain(name),
    isPaused ? 'paused' : nextAt === undefined ? 'never' : new Date(nextAt).toISOString(),
    plain(cron),
    plain(timeZone),
    missed,
    isDeclared ? 'declared by a dispatcher' : plain(job?.task ?? ''),
  ]);
  return table(['schedule', 'next', 'cron', 'time zone', 'missed', 'task'], rows);
}

/** One job, with everything that went wrong. */
export function jobLines(job: JobDetails): string {
  const { id, queue, task, state, attempt, maxAttempts, createdAt, payload, steps, history } = job;
  const facts = [
    ['job', id],
    ['queue', plain(queue)],
    ['task', plain(task)],
    ['state', `${state}, attempt ${attempt} of ${maxAttempts}`],
    ['added', new Date(createdAt).toISOString()],
    ['steps done', steps.length === 0 ? 'none' : plain(steps.join(', '))],
    ['payload', plain(JSON.stringify(payload) ?? 'not readable by the server')],
  ];
  const failures = history.map(({ attempt: nth, at, code, reason }) => [
    `attempt ${nth}`,
    `${new Date(at).toISOString()}  ${plain(`${code}: ${reason}`)}`,
  ]);
  return [...facts, ...failures].map(([name = '', value = '']) => `${name.padEnd(12)}${value}\n`).join('');
}
