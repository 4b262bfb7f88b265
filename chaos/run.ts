import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, type DeadLetter, KitError, openBus, openBusAdmin, type Queue } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import type { Backbone } from './backbone.ts';
import { check, type Delivery, type Finding, type Publication } from './check.ts';
import type { Crew } from './crew.ts';
import { FaultLine } from './faults.ts';
import { HistoryReader, openHistory } from './history.ts';
import { type FaultKind, killsServers, type Plan, type PlannedItem } from './plan.ts';
import type { FromProcess } from './process.ts';
import type { WorkerTask } from './worker.ts';

/** Where a run takes place. */
export interface Stage {
  readonly backbone: Backbone;
  readonly durability: QueueProfile['durability'];
  readonly crew: Crew;
  /** Its own, empty. */
  readonly folder: string;
  /** Unique on the backbone; lower case, digits and dashes. */
  readonly queue: string;
  /** Whose network it comes through. */
  readonly lane: number;
  /** @default true */
  readonly isFenced?: boolean;
  readonly duplicateWindowMs: number;
}

export interface RunResult {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly happened: readonly FaultKind[];
  readonly deliveries: number;
  /** What is no violation and still worth knowing, e.g. a consumption that ended by itself. */
  readonly notes: readonly string[];
  readonly durationMs: number;
}

export const PATIENCE_MS = 60_000;
/** A queue that says so long that it is empty will not deliver what is missing. */
const EMPTY_MS = 4_000;
const LOOK_MS = 50;
const LOOK_AT_QUEUE_MS = 500;
export const PUBLISH_WITHIN_MS = 45_000;
const RETRY_MS = 50;
/** Faults never use them up: what becomes a dead letter was refused. */
const MAX_ATTEMPTS = 60;

/** Makes the queue, works it off under the planned faults, and judges what came of it. */
export async function perform(plan: Plan, stage: Stage): Promise<RunResult> {
  const startedAt = performance.now();
  await using run = await Run.open(plan, stage);
  await run.publishAll();
  await run.untilQuiet();
  const findings = await run.judge();
  return { ...run.summary, plan, findings, durationMs: performance.now() - startedAt };
}

class Run implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #stage: Stage;
  readonly #buses: readonly [publisher: Bus, observer: Bus];
  readonly #publisher: Queue;
  readonly #observer: Queue;
  readonly #faults: FaultLine;
  readonly #publications: Publication[] = [];
  readonly #acknowledged = new Set<string>();
  readonly #deliveries: Delivery[] = [];
  readonly #notes: string[] = [];
  readonly #history: HistoryReader;
  #unfinished = 0;

  private constructor(plan: Plan, stage: Stage, buses: readonly [Bus, Bus], queues: readonly [Queue, Queue]) {
    this.#plan = plan;
    this.#stage = stage;
    this.#buses = buses;
    [this.#publisher, this.#observer] = queues;
    this.#history = new HistoryReader(historyIn(stage.folder));
    this.#faults = new FaultLine(plan.faults, {
      ...stage,
      publishAgain: (item) => this.#publishAgain(item),
    });
  }

  static async open(plan: Plan, stage: Stage): Promise<Run> {
    const { backbone, crew, folder, lane } = stage;
    const profile = profileOf(plan, stage);
    const direct = backbone.direct(plan, folder);
    await insist(async () => {
      await using admin = await openBusAdmin(direct);
      await admin.provision(profile);
    });
    if (killsServers(plan)) await pause(backbone.keepsQueuesAfterMs ?? 0);
    const history = await openHistory(historyIn(folder));
    await history.close();
    const publisher = await insist(() => openBus(backbone.through('publishers', folder, lane)));
    const observer = await insist(() => openBus(direct));
    const queues = [await insist(() => publisher.bind(profile)), await insist(() => observer.bind(profile))] as const;
    const run = new Run(plan, stage, [publisher, observer], queues);
    const { concurrency, prefetch, workers } = plan;
    const task: WorkerTask = {
      bus: backbone.through('workers', folder, lane),
      history: historyIn(folder),
      profile,
      concurrency,
      prefetch,
      isFenced: stage.isFenced ?? true,
    };
    const tasks = Array.from({ length: workers }, () => task);
    await crew.start(tasks, (message, worker) => run.#hear(message, worker));
    return run;
  }

  get summary(): Pick<RunResult, 'happened' | 'deliveries' | 'notes'> {
    const happened = this.#faults.happened.map(({ fault }) => fault.kind);
    return { happened, deliveries: this.#deliveries.length, notes: this.#notes };
  }

  async publishAll(): Promise<void> {
    const waiting = this.#plan.items.keys();
    // Each publisher takes the next one from the same iterator.
    const publishers = Array.from({ length: this.#plan.publishers }, async () => {
      for (const item of waiting) await this.#publish(item);
    });
    await Promise.all(publishers);
  }

  /** Resolves when everything published has ended and nothing is left in the queue, or when patience is over. */
  async untilQuiet(): Promise<void> {
    let emptySince: number | undefined;
    // A slow machine is no reason to lose patience: it counts from the end of the last fault and the last delivery.
    let [movedAt, delivered] = [performance.now(), 0];
    for (let lookAt = 0; performance.now() - movedAt < PATIENCE_MS; await pause(LOOK_MS)) {
      const isHurt = await this.#faults.settled();
      if (isHurt || this.#deliveries.length > delivered) movedAt = performance.now();
      delivered = this.#deliveries.length;
      const isComplete = this.#missing() === 0;
      if (!isComplete && performance.now() < lookAt) continue;
      lookAt = performance.now() + LOOK_AT_QUEUE_MS;
      this.#unfinished = await this.#left();
      if (this.#unfinished > 0) emptySince = undefined;
      else if (isComplete) return;
      else emptySince ??= performance.now();
      if (emptySince !== undefined && performance.now() - emptySince > EMPTY_MS) return;
    }
  }

  async judge(): Promise<readonly Finding[]> {
    await this.#faults.end();
    const hung = await this.#stage.crew.end();
    if (hung > 0) this.#notes.push(`${hung} workers did not end by themselves`);
    const dead = await this.#deadLetters();
    return check(this.#plan, {
      publications: this.#publications,
      deliveries: this.#deliveries,
      history: this.#history.rows(),
      dead: dead.map(({ idempotencyKey }) => idempotencyKey),
      unfinished: this.#unfinished,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What failed is thrown where it was waited for.
    await this.#faults.end().catch(() => {});
    await this.#stage.crew.end();
    await Promise.all(this.#buses.map((bus) => bus.close()));
    this.#history[Symbol.dispose]();
  }

  #missing(): number {
    const effects = this.#history.effects();
    return this.#plan.items.filter(
      ({ key, failures }) => failures !== 'refused' && this.#acknowledged.has(key) && !effects.has(key),
    ).length;
  }

  async #left(): Promise<number> {
    try {
      const { ready, delayed, leased } = await this.#observer.depth();
      return ready + delayed + leased;
    } catch (error) {
      if (!KitError.is(error)) throw error;
      // Who cannot be asked may have anything; a queue that is gone has nothing.
      return error.retryable ? 1 : 0;
    }
  }

  async #deadLetters(): Promise<readonly DeadLetter[]> {
    try {
      return await insist(() => this.#observer.deadLetters({ limit: 2 * this.#plan.items.length }));
    } catch (error) {
      this.#notes.push(`dead letters cannot be read: ${String(error)}`);
      return [];
    }
  }

  #hear(message: FromProcess, worker: number): void {
    if (message.kind === 'begun') {
      this.#deliveries.push(message.delivery);
      this.#faults.count('begun');
    }
    if (message.kind === 'applied') this.#faults.count('applied');
    if (message.kind !== 'broken') return;
    this.#notes.push(`worker ${worker}: ${message.reason}`);
    // As a platform does with a process that ended by itself.
    void this.#stage.crew.kill(worker);
  }

  /** One of those that are there: published early, an item would have another place in the order. */
  async #publishAgain(item: number): Promise<void> {
    const { items } = this.#plan;
    const there = [...items.keys()].filter((index) => this.#acknowledged.has((items[index] as PlannedItem).key));
    const index = there[item % there.length];
    if (index !== undefined) await this.#publish(index, true);
  }

  /** Insists as a publisher does: an unknown outcome is asked for again under the same key. */
  async #publish(index: number, isRepeat = false): Promise<void> {
    const item = this.#plan.items[index];
    if (item === undefined) return;
    const payload = new TextEncoder().encode(JSON.stringify(item));
    const deadline = performance.now() + PUBLISH_WITHIN_MS;
    for (;;) {
      try {
        const { id, duplicate } = await this.#publisher.publish({ idempotencyKey: item.key, payload });
        this.#publications.push({ item: item.key, outcome: 'acknowledged', id, duplicate, isRepeat });
        this.#acknowledged.add(item.key);
        this.#faults.count('published');
        return;
      } catch (error) {
        if (!KitError.is(error)) throw error;
        if (error.retryable && performance.now() < deadline) {
          await pause(RETRY_MS);
          continue;
        }
        this.#notes.push(`nobody confirmed the publish of ${item.key}: ${error.message}`);
        this.#publications.push({ item: item.key, outcome: 'unknown', id: undefined, duplicate: false, isRepeat });
        return;
      }
    }
  }
}

const historyIn = (folder: string): string => join(folder, 'history.db');

export function profileOf({ ackWaitMs }: Plan, { queue, durability, duplicateWindowMs }: Stage): QueueProfile {
  const stream = `CHAOS_${queue.toUpperCase().replaceAll('-', '_')}`;
  return {
    id: queue,
    stream,
    subject: `chaos.queue.${queue}`,
    consumer: 'worker',
    deadLetterStream: `${stream}_DEAD`,
    deadLetterSubject: `chaos.dead.${queue}`,
    durability,
    ackWaitMs,
    maxAckPending: 100,
    maxAttempts: MAX_ATTEMPTS,
    backoffMs: [5],
    maxItemBytes: 65_536,
    duplicateWindowMs,
    idempotencyWindowMs: 604_800_000,
    retentionMs: 3_600_000,
    doneWithinMs: 60_000,
  };
}

/** A cluster elects its leaders in its own time. */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!KitError.is(error) || !error.retryable || performance.now() > deadline) throw error;
      await pause(RETRY_MS);
    }
  }
}
