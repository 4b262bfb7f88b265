import type { DurationInput } from '@penstock/model';
import { z } from 'zod';
import { KitError } from '../errors.ts';
import { durationMs } from './backoff.ts';
import type { AddReceipt, JobNeed, NewJob, OnFailure } from './job.ts';
import { jobId } from './job-id.ts';
import type { JobStore } from './job-store.ts';
import { type KeyRing, PayloadCodec } from './payload-codec.ts';
import type { CancelAnswer } from './scripts/cancel.ts';
import type { QueueBound } from './scripts/count.ts';
import type { Task } from './task.ts';

/** Levels that priorities have. */
export const MOST_PRIORITY = 100;
const LONGEST_KEY = 512;
const DEFAULT_MAX_ATTEMPTS = 5;
const DEFAULT_MAX_CRASHES = 3;

export interface JobOptions {
  /** Two jobs of the queue with one key, within the task's window, are one job. At most 512 characters. */
  readonly idempotencyKey: string;
  /** When it may run at the earliest: after a time, or at a moment (milliseconds since the epoch). @default - now */
  readonly delay?: DurationInput;
  readonly runAt?: number;
  /** 0 to 100, higher goes first; a level is worth a minute of waiting, so nobody waits forever. @default 0 */
  readonly priority?: number;
  /** What workers are shared among fairly, e.g. a tenant. @default - one group for all that name none */
  readonly group?: string;
  /** Jobs with one order key run one after the other, in the order they were added. @default - any order */
  readonly orderKey?: string;
  /** What the task's limits count by, e.g. a customer. @default - no limit holds */
  readonly limitKey?: string;
  /** @default - the task's */
  readonly deadline?: DurationInput;
  /** Jobs that have to end first. */
  readonly needs?: readonly Need[];
  /** Travel with it; `traceparent` links its spans to whoever added it. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Need {
  readonly job: string | Pick<NewJob, 'id'>;
  /** @default 'fail' */
  readonly onFailure?: OnFailure;
}

export interface JobQueueOptions {
  readonly queue: string;
  readonly store: Pick<JobStore, 'run'>;
  /** @default - payloads lie in plain */
  readonly keys?: KeyRing;
  /** @default Date.now */
  readonly now?: () => number;
}

/** One queue of jobs, for those who add to it, ask after its jobs or cancel them. */
export class JobQueue {
  readonly name: string;
  readonly #store: Pick<JobStore, 'run'>;
  readonly #codec: PayloadCodec;
  readonly #now: () => number;

  constructor({ queue, store, keys, now }: JobQueueOptions) {
    this.name = queue;
    this.#store = store;
    this.#codec = new PayloadCodec(keys);
    this.#now = now ?? Date.now;
  }

  /**
   * Adds one job; resolves when it is durable.
   *
   * @throws {KitError} `job-malformed` with every fault of payload and options; `job-missing`, `queue-full`,
   * `storage-full`, `store-unreachable`: then whether it was added is unknown, and adding it again is right
   */
  async add<Payload>(task: Task<string, Payload, unknown>, payload: Payload, options: JobOptions): Promise<AddReceipt> {
    const [receipt] = await this.addAll([this.draft(task, payload, options)]);
    return receipt as AddReceipt;
  }

  /** Adds drafts in one transaction, all or none. What a draft needs stands before it. */
  addAll(drafts: readonly NewJob[]): Promise<readonly AddReceipt[]> {
    return this.#store.run('add', drafts);
  }

  /**
   * A job that is not added yet: to be needed by another draft, to be added within a transaction of the caller's, or
   * together with the result of the job that leads to it.
   *
   * @throws {KitError} `job-malformed`
   */
  draft<Payload>(task: Task<string, Payload, unknown>, payload: Payload, options: JobOptions): NewJob {
    const now = this.#now();
    const checked = task.payload.safeParse(payload);
    const faults = [...(checked.success ? [] : [z.prettifyError(checked.error)]), ...faultsOf(options)];
    if (faults.length > 0) {
      throw new KitError('job-malformed', `a job of task ${task.name} cannot be added: ${faults.join('; ')}`, {
        repair: 'correct what is named; nothing was added',
      });
    }
    const id = jobId(now);
    const deadline = options.deadline ?? task.deadline;
    return {
      id,
      queue: this.name,
      task: task.name,
      version: task.version,
      idempotencyKey: options.idempotencyKey,
      keyExpiresAt: now + task.idempotencyWindowMs,
      payload: this.#codec.encode(id, checked.data),
      headers: options.headers ?? {},
      createdAt: now,
      runAt: options.runAt ?? now + (options.delay === undefined ? 0 : durationMs(options.delay)),
      deadlineAt: deadline === undefined ? undefined : now + durationMs(deadline),
      priority: options.priority ?? 0,
      group: options.group,
      orderKey: options.orderKey,
      limitKey: options.limitKey,
      maxAttempts: task.retry?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
      maxCrashes: task.retry?.maxCrashes ?? DEFAULT_MAX_CRASHES,
      needs: (options.needs ?? []).map(needOf),
    };
  }

  /** Sets how much the queue takes before it refuses producers with `queue-full`; nothing said is no bound. */
  async bound(most: QueueBound): Promise<void> {
    await this.#store.run('bound', this.name, most);
  }

  /** Cancels from any process: what has not begun never will, what runs is told within a second. */
  cancel(id: string, reason = 'cancelled on request'): Promise<CancelAnswer> {
    return this.#store.run('cancel', id, reason, this.#now());
  }
}

const needOf = ({ job, onFailure }: Need): JobNeed => ({
  job: typeof job === 'string' ? job : job.id,
  onFailure: onFailure ?? 'fail',
});

function faultsOf({ idempotencyKey, priority = 0, delay, runAt }: JobOptions): readonly string[] {
  const faults: string[] = [];
  if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY)
    faults.push(`idempotencyKey: received ${idempotencyKey.length} characters, expected 1 to ${LONGEST_KEY}`);
  if (!Number.isSafeInteger(priority) || priority < 0 || priority > MOST_PRIORITY)
    faults.push(`priority: received ${priority}, expected a whole number from 0 to ${MOST_PRIORITY}`);
  if (delay !== undefined && runAt !== undefined) faults.push('delay and runAt: received both, expected one of them');
  if (runAt !== undefined && !Number.isSafeInteger(runAt))
    faults.push(`runAt: received ${runAt}, expected milliseconds since the epoch`);
  return faults;
}
