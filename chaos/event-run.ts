import { setTimeout as pause } from 'node:timers/promises';
import { KitError } from '@penstock/kit';
import {
  type EventDatabase,
  followEvents,
  headerOf,
  type Log,
  openEvents,
  openLog,
  openLogAdmin,
  provisionEvents,
  readDeadRecords,
} from '@penstock/kit/events';
import { checkEvents } from './event-check.ts';
import { EffectsReader, effectsSchema } from './event-effects.ts';
import type { EventTask } from './event-process.ts';
import { FaultLine } from './faults.ts';
import type { Plan, PlannedItem } from './plan.ts';
import type { FromProcess } from './process.ts';
import { insist, PATIENCE_MS, PUBLISH_WITHIN_MS, type RunResult, type Stage } from './run.ts';

const LOOK_MS = 200;
/** One leads, the other one waits for its turn. */
const RELAYS = 2;
const PARTITIONS = 3;
const MOST_DEAD = 1_000;

/** Appends events, relays and consumes them under the planned faults, and judges what came of it. */
export async function performEvents(plan: Plan, stage: Stage): Promise<RunResult> {
  const startedAt = performance.now();
  await using run = await EventRun.open(plan, stage);
  await run.appendAll();
  await run.untilQuiet();
  const findings = await run.judge();
  return { ...run.summary, plan, findings, durationMs: performance.now() - startedAt };
}

class EventRun implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #task: Omit<EventTask, 'role'>;
  readonly #database: EventDatabase;
  readonly #log: Log;
  readonly #effects: EffectsReader;
  readonly #faults: FaultLine;
  readonly #appended = new Set<string>();
  readonly #notes: string[] = [];
  #deliveries = 0;
  #unfinished = 0;

  private constructor(plan: Plan, stage: Stage, task: Omit<EventTask, 'role'>, database: EventDatabase, log: Log) {
    this.#plan = plan;
    this.#stage = stage;
    this.#task = task;
    this.#database = database;
    this.#log = log;
    this.#effects = new EffectsReader(task.database);
    this.#faults = new FaultLine(plan.faults, {
      ...stage,
      dispatchers: plan.workers,
      publishAgain: (item) => this.#appendAgain(item),
    });
  }

  static async open(plan: Plan, stage: Stage): Promise<EventRun> {
    const { backbone, crew, folder, queue } = stage;
    const database = backbone.direct(plan, folder);
    const log = backbone.log?.(folder) ?? database;
    const topic = `outbox.event.${queue}`;
    const deadLetters = `${topic}.dead`;
    await insist(() => backbone.prepare?.(database) ?? Promise.resolve());
    await insist(() => provisionEvents(database, { schema: effectsSchema(database) }));
    await insist(async () => {
      await using admin = await openLogAdmin(log);
      for (const name of [topic, deadLetters]) await admin.provision({ name, partitions: PARTITIONS });
    });
    const isFollowing = database.startsWith('postgres') && plan.seed % 2 === 0;
    const { concurrency, workers } = plan;
    const task = { database, log, topic, deadLetters, group: `${queue}.readers`, concurrency, isFollowing };
    const run = new EventRun(
      plan,
      stage,
      task,
      await insist(() => openEvents(database)),
      await insist(() => openLog(log)),
    );
    const tasks = Array.from({ length: workers + RELAYS }, (_, place): EventTask => {
      const role = place < workers ? 'consumer' : 'relay';
      return { ...task, role };
    });
    await crew.start(tasks, (message, place) => run.#hear(message, place));
    return run;
  }

  get summary(): Pick<RunResult, 'happened' | 'deliveries' | 'notes'> {
    const happened = this.#faults.happened.map(({ fault }) => fault.kind);
    return { happened, deliveries: this.#deliveries, notes: this.#notes };
  }

  /** Events of one aggregate are appended one after the other, by one writer: that is their order. */
  async appendAll(): Promise<void> {
    const aggregates = [...Map.groupBy(this.#plan.items, aggregateOf).values()].values();
    const writers = Array.from({ length: this.#plan.publishers }, async () => {
      for (const items of aggregates) for (const item of items) await this.#append(item);
    });
    await Promise.all(writers);
  }

  /** Resolves when outbox and group have nothing left, or when nothing has moved for as long as patience lasts. */
  async untilQuiet(): Promise<void> {
    let [movedAt, seen, left] = [performance.now(), 0, Number.NaN];
    for (; performance.now() - movedAt < PATIENCE_MS; await pause(LOOK_MS)) {
      const isHurt = await this.#faults.settled();
      const unfinished = await this.#left();
      if (isHurt || this.#deliveries > seen || unfinished !== left) movedAt = performance.now();
      [seen, left] = [this.#deliveries, unfinished];
      if (unfinished === 0) return;
    }
  }

  async judge() {
    await this.#faults.end();
    const hung = await this.#stage.crew.end();
    if (hung > 0) this.#notes.push(`${hung} processes did not end by themselves`);
    this.#unfinished = await this.#left();
    const letters = await insist(() => readDeadRecords(this.#log, this.#task.deadLetters, MOST_DEAD));
    return checkEvents(this.#plan, {
      appended: this.#appended,
      effects: await insist(() => this.#effects.rows()),
      dead: letters.map(({ record }) => headerOf(record, 'id') ?? ''),
      unfinished: this.#unfinished,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What failed is thrown where it was waited for.
    await this.#faults.end().catch(() => {});
    await this.#stage.crew.end();
    if (this.#task.isFollowing) await (await followEvents(this.#task.database)).drop().catch(() => {});
    await this.#log.close();
    await this.#database.close();
  }

  async #left(): Promise<number> {
    try {
      const { waiting } = await this.#database.run('measureOutbox');
      const lags = await this.#log.lag(this.#task.group, this.#task.topic);
      return waiting + lags.reduce((sum, { lag }) => sum + lag, 0);
    } catch (error) {
      if (KitError.is(error) && error.retryable) return Number.POSITIVE_INFINITY;
      throw error;
    }
  }

  #hear(message: FromProcess, place: number): void {
    if (message.kind === 'begun') {
      this.#deliveries += 1;
      this.#faults.count('begun');
    }
    if (message.kind === 'applied') this.#faults.count('applied');
    if (message.kind !== 'broken') return;
    this.#notes.push(`process ${place}: ${message.reason}`);
    // As a platform does with a process that ended by itself.
    void this.#stage.crew.kill(place);
  }

  async #appendAgain(item: number): Promise<void> {
    const there = this.#plan.items.filter(({ key }) => this.#appended.has(key));
    const again = there[item % there.length];
    if (again !== undefined) await this.#append(again);
  }

  async #append(item: PlannedItem): Promise<void> {
    const event = {
      id: item.key,
      aggregateType: this.#stage.queue,
      aggregateId: aggregateOf(item),
      type: 'Planned',
      payload: Buffer.from(JSON.stringify(item)),
    };
    const deadline = performance.now() + PUBLISH_WITHIN_MS;
    for (;;) {
      try {
        await this.#database.run('append', [event], Date.now());
        break;
      } catch (error) {
        if (!KitError.is(error) || !error.retryable || performance.now() > deadline) throw error;
        await pause(LOOK_MS / 4);
      }
    }
    this.#appended.add(item.key);
    this.#faults.count('published');
  }
}

const aggregateOf = ({ key, orderKey }: PlannedItem): string => orderKey ?? key;
