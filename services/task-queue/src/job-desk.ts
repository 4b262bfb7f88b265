import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { KitError, markFailed } from '@penstock/kit';
import {
  type AddReceipt,
  type Inspection,
  type JobOptions,
  JobQueue,
  type JobStore,
  type KeyRing,
  PayloadCodec,
  type QueueCounts,
  type QueueMeasure,
} from '@penstock/kit/jobs';
import type { z } from 'zod';
import type { JobInstruments } from './instruments.ts';
import { faultsOf, RefusedRequest } from './problem.ts';
import type { RegisteredTask } from './registered-tasks.ts';
import type { Job } from './shapes.ts';

export interface JobDeskOptions {
  readonly store: Pick<JobStore, 'run'>;
  /** Those that may be added to and operated. */
  readonly queues: readonly string[];
  readonly tasks: readonly RegisteredTask[];
  readonly instruments: JobInstruments;
  /** @default - payloads lie in plain */
  readonly keys?: KeyRing;
  /** @default Date.now */
  readonly now?: () => number;
}

/** A queue for people and scalers. */
export interface QueueView extends QueueCounts {
  /** Ready when their time has come; 10,000 means that or more. */
  readonly delayed: number;
  /** Since the queue began. */
  readonly totals: Pick<QueueMeasure, 'added' | 'ended' | 'failed'>;
}

/** How long a count is told again: however many look, the store is asked so often. */
const COUNTS_KEPT_MS = 1_000;

/** What the API does, without HTTP. */
export class JobDesk {
  readonly store: Pick<JobStore, 'run'>;
  readonly tasks: readonly RegisteredTask[];
  readonly now: () => number;
  readonly #queues: ReadonlyMap<string, JobQueue>;
  readonly #tasks: ReadonlyMap<string, RegisteredTask>;
  readonly #codec: PayloadCodec;
  readonly #instruments: JobInstruments;
  readonly #tracer = trace.getTracer('@penstock/task-queue');
  readonly #counts = new Map<string, { readonly at: number; readonly counts: Promise<QueueView> }>();

  constructor({ store, queues, tasks, instruments, keys, now = Date.now }: JobDeskOptions) {
    const ring = keys === undefined ? {} : { keys };
    this.store = store;
    this.tasks = tasks;
    this.now = now;
    this.#queues = new Map(queues.map((queue) => [queue, new JobQueue({ queue, store, now, ...ring })]));
    this.#tasks = new Map(tasks.map((each) => [each.task.name, each]));
    this.#codec = new PayloadCodec(keys);
    this.#instruments = instruments;
  }

  get queues(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** @throws {KitError} `queue-missing` */
  queue(name: string): JobQueue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new KitError('queue-missing', `this server has no queue ${JSON.stringify(name)}`, {
      repair: `take one of ${this.queues.join(', ')}`,
    });
  }

  /**
   * The task of a name, if the payload is one of its own.
   *
   * @param path where the payload stands, for its faults
   * @throws {KitError} `task-unknown`; `request-refused` with every fault of the payload
   */
  registered(name: string, payload: unknown, path: string): RegisteredTask {
    const registered = this.#tasks.get(name);
    if (registered === undefined) {
      throw new KitError('task-unknown', `no task ${JSON.stringify(name)} is registered`, {
        repair: 'GET /v1/tasks lists them; register it with the server before jobs of it are added',
      });
    }
    const checked = registered.task.payload.safeParse(payload);
    if (!checked.success) throw new RefusedRequest(faultsOf(path, checked.error, payload), 422);
    return registered;
  }

  /** @throws {KitError} `queue-missing`, `task-unknown`; `request-refused` with every fault of the payload */
  async add(
    name: string,
    taskName: string,
    payload: unknown,
    options: JobOptions,
    incoming: Readonly<Record<string, string | undefined>>,
  ): Promise<AddReceipt> {
    const queue = this.queue(name);
    const registered = this.registered(taskName, payload, 'body.payload');
    // The job carries the context of this span: attempts of next week link to it. Where nobody traces here, it carries
    // the caller's.
    const active = context.active();
    const parent = trace.getSpan(active) === undefined ? propagation.extract(ROOT_CONTEXT, incoming) : active;
    const attributes = {
      'messaging.system': 'penstock',
      'messaging.operation.type': 'create',
      'messaging.operation.name': 'add',
      'messaging.destination.name': name,
      'penstock.job.task': taskName,
    };
    const span = this.#tracer.startSpan(`add ${name}`, { kind: SpanKind.PRODUCER, attributes }, parent);
    const here = trace.setSpan(parent, span);
    const headers: Record<string, string> = {};
    propagation.inject(here, headers);
    try {
      const receipt = await context.with(here, () => queue.add(registered.task, payload, { ...options, headers }));
      span.setAttributes({ 'penstock.job.id': receipt.id, 'penstock.duplicate': receipt.duplicate });
      this.#instruments.added(name, receipt.duplicate ? 'duplicate' : 'new');
      return receipt;
    } catch (error) {
      this.#instruments.added(name, 'refused');
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** @throws {KitError} `job-missing`, for a job of another server's queue too */
  async inspect(id: string): Promise<Inspection> {
    const found = await this.store.run('inspect', id);
    if (found !== undefined && this.#queues.has(found.job.queue)) return found;
    throw new KitError('job-missing', `no job ${id}`, { repair: 'it was purged after its retention, or never added' });
  }

  /** At most a second old. */
  counts(name: string): Promise<QueueView> {
    const queue = this.queue(name).name;
    const now = this.now();
    const known = this.#counts.get(queue);
    if (known !== undefined && now - known.at < COUNTS_KEPT_MS) return known.counts;
    const counts = queueView(this.store, queue, now);
    this.#counts.set(queue, { at: now, counts });
    counts.catch(() => this.#counts.delete(queue));
    return counts;
  }

  /** After a change that whoever made it wants to see. */
  freshCounts(name: string): Promise<QueueView> {
    this.#counts.delete(name);
    return this.counts(name);
  }

  view({ job, worker, releasedAt, leaseUntil, blockers, needs, neededBy, steps }: Inspection): z.input<typeof Job> {
    const { payload, result, release: _, maxCrashes: _crashes, progress, history, ...rest } = job;
    return {
      ...rest,
      ...this.#read(job.id, payload, result),
      progress: progress === undefined ? undefined : { ...progress },
      history: [...history],
      worker,
      releasedAt,
      leaseUntil,
      blockers,
      needs: [...needs],
      neededBy: [...neededBy],
      steps: [...steps],
    };
  }

  /** What another key or release wrote is still a job that people want to see. */
  #read(id: string, payload: Uint8Array, result: Uint8Array | undefined) {
    try {
      return {
        payload: this.#codec.decode(id, payload),
        result: result === undefined ? undefined : this.#codec.decode(id, result),
      };
    } catch (error) {
      return { unreadable: (error as Error).message };
    }
  }
}

/** Counted anew. */
export async function queueView(store: Pick<JobStore, 'run'>, queue: string, now: number): Promise<QueueView> {
  const [counts, { delayed, added, ended, failed }] = await Promise.all([
    store.run('counts', queue, now),
    store.run('measure', queue, now),
  ]);
  return { ...counts, delayed, totals: { added, ended, failed } };
}
