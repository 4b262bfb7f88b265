import { Duration } from '@penstock/model';
import { z } from 'zod';

// What crosses HTTP. Times are milliseconds since the epoch.

/** PostgreSQL takes no NUL in a text, and people see no other control character. */
const PRINTABLE = /^[ -~\u00a0-\uffff]*$/;

export const text = (longest: number) =>
  z.string().min(1).max(longest).regex(PRINTABLE, 'text without control characters');

const LONGEST_WAIT_MS = Duration.parse('3650 days').toMilliseconds();

function isWait(value: string): boolean {
  try {
    const ms = Duration.parse(value as `${number} seconds`).toMilliseconds('up');
    return ms >= 0 && ms <= LONGEST_WAIT_MS;
  } catch {
    return false;
  }
}

const wait = z
  .string()
  .max(64)
  .refine(isWait, 'a duration of at most 3650 days, e.g. "5 minutes"')
  .transform((value) => Duration.parse(value as `${number} seconds`));

/** The last millisecond that JavaScript has a date for. */
const moment = z.int().min(0).max(8_640_000_000_000_000);

export const JobState = z.enum(['waiting', 'ready', 'released', 'running', 'succeeded', 'failed', 'cancelled']);
export const JobId = z.string().regex(/^[0-9A-Za-z-]{1,64}$/, 'the id of a job');
export const QueueName = text(128);
/** Where a page goes on; made by the server. */
export const Cursor = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const NewJobBody = z
  .strictObject({
    task: text(128),
    payload: z.unknown(),
    delay: wait.optional(),
    runAt: moment.optional(),
    priority: z.int().min(0).max(100).optional(),
    group: text(256).optional(),
    orderKey: text(512).optional(),
    limitKey: text(256).optional(),
    deadline: wait.optional(),
    needs: z
      .array(z.strictObject({ job: JobId, onFailure: z.enum(['fail', 'run']).optional() }))
      .max(100)
      .refine((needs) => new Set(needs.map(({ job }) => job)).size === needs.length, 'each job once')
      .optional(),
  })
  .refine(({ delay, runAt }) => delay === undefined || runAt === undefined, 'delay or runAt, not both')
  .meta({ id: 'NewJob' });

export const Receipt = z.object({ id: z.string(), duplicate: z.boolean() }).meta({ id: 'Receipt' });

const Failure = z
  .object({ attempt: z.int(), at: z.int(), code: z.string(), reason: z.string() })
  .meta({ id: 'AttemptFailure' });
const Progress = z.object({ at: z.int(), done: z.number(), note: z.string().optional() }).meta({ id: 'JobProgress' });

const common = {
  id: z.string(),
  task: z.string(),
  state: JobState,
  createdAt: z.int(),
  runAt: z.int(),
  priority: z.int(),
  group: z.string().optional(),
  orderKey: z.string().optional(),
  attempt: z.int(),
  maxAttempts: z.int(),
  worker: z.string().optional(),
  progress: Progress.optional(),
  startedAt: z.int().optional(),
  finishedAt: z.int().optional(),
};

export const JobSummary = z.object({ ...common, lastFailure: Failure.optional() }).meta({ id: 'JobSummary' });

export const Job = z
  .object({
    ...common,
    queue: z.string(),
    version: z.int(),
    idempotencyKey: z.string(),
    payload: z.unknown().optional(),
    result: z.unknown().optional(),
    unreadable: z.string().optional().describe('Why payload or result are left out'),
    headers: z.record(z.string(), z.string()),
    deadlineAt: z.int().optional(),
    limitKey: z.string().optional(),
    cancelRequestedAt: z.int().optional(),
    releasedAt: z.int().optional(),
    leaseUntil: z.int().optional(),
    blockers: z.int().describe('How many jobs it waits for'),
    needs: z.array(z.object({ job: z.string(), onFailure: z.string(), state: z.string() })),
    neededBy: z.array(z.object({ job: z.string(), state: JobState })),
    steps: z.array(z.string()),
    history: z.array(Failure),
  })
  .meta({ id: 'Job' });

export const JobPage = z
  .object({
    jobs: z.array(JobSummary),
    next: z.int().optional().describe('Where to go on; a page may be short, or empty, and yet not the last'),
  })
  .meta({ id: 'JobPage' });

export const Queue = z
  .object({
    queue: z.string(),
    states: z.record(JobState, z.int()).describe('Jobs by state; 10,000 means that or more'),
    oldestReadyMs: z.int().describe('How long the ready job has been due that is due longest'),
    delayed: z.int().describe('Of those that are ready, how many wait for their time'),
    totals: z
      .object({ added: z.int(), ended: z.int(), failed: z.int() })
      .describe('Since the queue began; their growth is the rate at which jobs come and end'),
    pausedAt: z.int().optional(),
    isDrained: z.boolean().describe('It is paused and no job is out any more'),
    leader: z.string().optional().describe('The dispatcher that releases its jobs'),
  })
  .meta({ id: 'Queue' });

export const QueueBoundBody = z
  .strictObject({
    jobs: z.int().min(0).optional().describe('Jobs that are not over; no bound where it is left out'),
    bytes: z.int().min(0).optional().describe('Of their payloads; no bound where it is left out'),
  })
  .meta({ id: 'QueueBound' });

export const Redriven = z
  .object({ redriven: z.int(), skipped: z.record(z.string(), z.int()), next: z.int().optional() })
  .meta({ id: 'Redriven' });

export const Cancelled = z.object({ outcome: z.enum(['cancelled', 'cancelling', 'over']) }).meta({ id: 'Cancelled' });

export const TaskView = z
  .object({
    name: z.string(),
    version: z.int(),
    description: z.string().optional(),
    payload: z.unknown().describe('JSON Schema'),
  })
  .meta({ id: 'Task' });

export const ScheduleName = text(128);

/** A text that is checked as a duration, and kept as it was written. */
const waitText = z.string().max(64).refine(isWait, 'a duration of at most 3650 days, e.g. "5 minutes"');

const MissedRuns = z.enum(['skip', 'run-once', 'run-all']);

/** What a schedule adds at each of its times. */
const ScheduledJob = z
  .strictObject({
    task: text(128),
    payload: z.unknown(),
    priority: z.int().min(0).max(100).optional(),
    group: text(256).optional(),
    orderKey: text(512).optional(),
    limitKey: text(256).optional(),
    deadline: waitText.optional(),
  })
  .meta({ id: 'ScheduledJob' });

export const NewSchedule = z
  .strictObject({
    cron: text(128).describe('Five fields, or six that begin with seconds'),
    timeZone: text(64).optional().describe('An IANA name; UTC where it is left out'),
    missed: MissedRuns.optional().describe(
      'Of times that went by unseen: no job, one for all of them (where it is left out), or one for each, the latest hundred at most',
    ),
    job: ScheduledJob,
  })
  .meta({ id: 'NewSchedule' });

/** As the code of a dispatcher declares it. */
export const DeclaredSchedule = z.object({ cron: z.string(), timeZone: z.string(), missed: MissedRuns });
/** As it lies in the store by itself. */
export const StoredSchedule = DeclaredSchedule.extend({ job: ScheduledJob, isPaused: z.boolean().optional() });

export const ScheduleView = z
  .object({
    name: z.string(),
    cron: z.string().optional(),
    timeZone: z.string().optional(),
    missed: MissedRuns.optional(),
    job: ScheduledJob.optional(),
    nextAt: z.int().optional().describe('When it adds a job next; left out while it is paused'),
    isPaused: z.boolean(),
    isDeclared: z.boolean().describe('By the code of a dispatcher, and changed only there'),
  })
  .meta({ id: 'Schedule' });
