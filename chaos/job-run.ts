import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KitError, openBusAdmin } from '@penstock/kit';
import { JobQueue, type JobStore, openJobStore, provisionJobStore } from '@penstock/kit/jobs';
import { FaultLine } from './faults.ts';
import { type Addition, checkJobs } from './job-check.ts';
import { historySchema, JobHistoryReader } from './job-history.ts';
import type { JobTask } from './job-process.ts';
import { HOPELESS, WORK } from './job-tasks.ts';
import type { Plan, PlannedItem } from './plan.ts';
import type { FromProcess } from './process.ts';
import { insist, PATIENCE_MS, PUBLISH_WITHIN_MS, profileOf, type RunResult, type Stage } from './run.ts';

const LOOK_MS = 200;
/** One leads, the other one waits for its turn. */
const DISPATCHERS = 2;

/** Makes a queue of jobs, works it off under the planned faults, and judges what came of it. */
export async function performJobs(plan: Plan, stage: Stage): Promise<RunResult> {
  const startedAt = performance.now();
  await using run = await JobRun.open(plan, stage);
  await run.addAll();
  await run.untilQuiet();
  const findings = await run.judge();
  return { ...run.summary, plan, findings, durationMs: performance.now() - startedAt };
}

class JobRun implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #store: JobStore;
  readonly #queue: JobQueue;
  readonly #reader: JobHistoryReader;
  readonly #faults: FaultLine;
  readonly #additions: Addition[] = [];
  readonly #cancels = { asked: new Set<string>(), confirmed: new Set<string>() };
  readonly #stepping: { readonly job: string; readonly attempt: number }[] = [];
  readonly #notes: string[] = [];
  #deliveries = 0;

  private constructor(plan: Plan, stage: Stage, store: JobStore) {
    this.#plan = plan;
    this.#stage = stage;
    this.#store = store;
    this.#queue = new JobQueue({ queue: stage.queue, store });
    this.#reader = new JobHistoryReader(stage.backbone.direct(plan, stage.folder), stage.queue);
    this.#faults = new FaultLine(plan.faults, {
      ...stage,
      dispatchers: plan.workers,
      publishAgain: (item) => this.#addAgain(item),
      cancel: (item) => this.#cancel(item),
    });
  }

  static async open(plan: Plan, stage: Stage): Promise<JobRun> {
    const { backbone, crew, folder, lane } = stage;
    const direct = backbone.direct(plan, folder);
    await insist(() => provisionJobStore(direct, { schema: historySchema(direct) }));
    const profile = profileOf(plan, stage);
    const bus = `sqlite:${join(folder, 'bus.db')}`;
    await using admin = await openBusAdmin(bus);
    await admin.provision(profile);
    const run = new JobRun(plan, stage, await insist(() => openJobStore(backbone.through('publishers', folder, lane))));
    const { concurrency, prefetch, workers } = plan;
    const store = backbone.through('workers', folder, lane);
    const tasks = Array.from({ length: workers + DISPATCHERS }, (_, place): JobTask => {
      const role = place < workers ? 'worker' : 'dispatcher';
      return { role, store, bus, profile, concurrency, prefetch };
    });
    await crew.start(tasks, (message, place) => run.#hear(message, place));
    return run;
  }

  get summary(): Pick<RunResult, 'happened' | 'deliveries' | 'notes'> {
    const happened = this.#faults.happened.map(({ fault }) => fault.kind);
    return { happened, deliveries: this.#deliveries, notes: this.#notes };
  }

  async addAll(): Promise<void> {
    const waiting = this.#plan.items.values();
    // Each of them takes the next one from the same iterator.
    const adders = Array.from({ length: this.#plan.publishers }, async () => {
      for (const item of waiting) await this.#add(item);
    });
    await Promise.all(adders);
  }

  /** Resolves when every job is over, or when nothing has moved for as long as patience lasts. */
  async untilQuiet(): Promise<void> {
    let [movedAt, begun] = [performance.now(), 0];
    for (; performance.now() - movedAt < PATIENCE_MS; await pause(LOOK_MS)) {
      const isHurt = await this.#faults.settled();
      if (isHurt || this.#deliveries > begun) movedAt = performance.now();
      begun = this.#deliveries;
      const ends = await this.#reader.ends();
      if (ends.every(({ state }) => state === 'succeeded' || state === 'failed' || state === 'cancelled')) return;
    }
  }

  async judge() {
    await this.#faults.end();
    const hung = await this.#stage.crew.end();
    if (hung > 0) this.#notes.push(`${hung} processes did not end by themselves`);
    return checkJobs(this.#plan, {
      additions: this.#additions,
      cancels: this.#cancels,
      stepping: this.#stepping,
      history: await this.#reader.rows(),
      ends: await this.#reader.ends(),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What failed is thrown where it was waited for.
    await this.#faults.end().catch(() => {});
    await this.#stage.crew.end();
    await this.#store.close();
  }

  #hear(message: FromProcess, place: number): void {
    if (message.kind === 'begun') {
      this.#deliveries += 1;
      this.#faults.count('begun');
    }
    if (message.kind === 'stepping') this.#stepping.push(message);
    if (message.kind === 'applied') this.#faults.count('applied');
    if (message.kind !== 'broken') return;
    this.#notes.push(`process ${place}: ${message.reason}`);
    // As a platform does with a process that ended by itself.
    void this.#stage.crew.kill(place);
  }

  /** Of those that are there. */
  #pick(item: number): PlannedItem | undefined {
    const there = this.#plan.items.filter(({ key }) => this.#additions.some((addition) => addition.item === key));
    return there[item % there.length];
  }

  async #addAgain(item: number): Promise<void> {
    const there = this.#pick(item);
    if (there !== undefined) await this.#add(there, true);
  }

  async #add(item: PlannedItem, isRepeat = false): Promise<void> {
    const task = item.failures === 'always' ? HOPELESS : WORK;
    const { orderKey } = item;
    const options = { idempotencyKey: item.key, ...(orderKey === undefined ? {} : { orderKey }) };
    const { id, duplicate } = await this.#untilAnswered(() => this.#queue.add(task, item, options));
    this.#additions.push({ item: item.key, id, duplicate, isRepeat });
    this.#faults.count('published');
  }

  async #cancel(item: number): Promise<void> {
    const there = this.#pick(item);
    const addition = this.#additions.find(({ item: key }) => key === there?.key);
    if (addition === undefined) return;
    this.#cancels.asked.add(addition.item);
    const answer = await this.#untilAnswered(() => this.#queue.cancel(addition.id));
    if (answer === 'cancelled') this.#cancels.confirmed.add(addition.item);
  }

  /** Insists as a producer does: what nobody answered is asked again. */
  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + PUBLISH_WITHIN_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!KitError.is(error) || !error.retryable || performance.now() > deadline) throw error;
        await pause(LOOK_MS / 4);
      }
    }
  }
}
