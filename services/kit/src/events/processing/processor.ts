import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DurationInput } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { durationMs } from '../../jobs/backoff.ts';
import { messageIdOf } from '../inbox/event-consumer.ts';
import type { AssignedPartition, Log, LogConsumer, LogRecord } from '../log/port.ts';
import type { Operator, TimedEvent } from './operator.ts';
import { StateStore } from './state-store.ts';
import { type InputEvent, Task } from './task.ts';

/** Where events come from. */
export interface ProcessorInput {
  readonly topic: string;
  /** Undefined for a record that is to be passed over. */
  readonly read: (record: LogRecord) => Pick<TimedEvent, 'key' | 'time' | 'value'> | undefined;
  /** @default - its header `id` or `ce_id`, or else its place in the log */
  readonly idOf?: (record: LogRecord) => string;
}

export interface ProcessorSpec {
  /** Of the group, the files and the changelog: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** With as many partitions each, written by the same key where there are two. */
  readonly inputs: readonly [ProcessorInput, ...ProcessorInput[]];
  readonly operator: Operator;
  readonly output: string;
  /** How much later than the latest one an event may come. Results wait for it. @default '0 seconds' */
  readonly allowedLateness?: DurationInput;
  /** Where later ones go. @default - nowhere, they are counted */
  readonly late?: string;
  /** A compacted topic of its own, with as many partitions as the inputs. @default - the name, with `-changelog` */
  readonly changelog?: string;
}

export interface ProcessorOptions {
  readonly processor: ProcessorSpec;
  readonly log: Log;
  /** Of files with the state; on a local disk. What is lost there is restored. */
  readonly folder: string;
  /** An input of which nothing came for so long, and nothing is there, is not waited for. @default '10 seconds' */
  readonly idleAfter?: DurationInput;
  /** Records of each input at once at most. @default 500 */
  readonly batch?: number;
  /** Silence after which others get the partitions, in milliseconds. @default 10000 */
  readonly sessionMs?: number;
  /** Told of what does not go; it is tried again. @default - nobody */
  readonly onFailure?: (error: unknown) => void;
}

export interface ProcessorState {
  readonly partitions: readonly number[];
  /** Since they came here. */
  readonly late: number;
  readonly duplicates: number;
  /** Nothing was left to read when it looked last. */
  readonly isCaughtUp: boolean;
  readonly failure: unknown;
}

const BATCH = 500;
const IDLE_AFTER: DurationInput = '10 seconds';
const LOOK_MS = 100;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

interface OpenTask {
  readonly from: AssignedPartition;
  readonly task: Task;
  readonly store: StateStore;
  /** When each input had something last. */
  readonly lastAt: number[];
  isCaughtUp: boolean;
}

/**
 * Runs a processor over the partitions that are this process's. A group says whose they are, by the first input; how far
 * each is lies with its state.
 */
export class Processor implements AsyncDisposable {
  readonly #options: ProcessorOptions;
  readonly #stopping = new AbortController();
  readonly #tasks = new Map<AssignedPartition, OpenTask>();
  #consumer: LogConsumer | undefined;
  #failure: unknown;
  #busy: Promise<unknown> = Promise.resolve();
  #running: Promise<void> | undefined;

  /** @throws {KitError} `processor-malformed` */
  constructor(options: ProcessorOptions) {
    const { name, inputs } = options.processor;
    if (!/^[\w.-]{1,100}$/.test(name))
      throw new KitError('processor-malformed', `processor ${JSON.stringify(name)}: the name is malformed`, {
        repair: 'use letters, digits, points, underscores and hyphens',
      });
    if (new Set(inputs.map(({ topic }) => topic)).size < inputs.length)
      throw new KitError('processor-malformed', `processor ${name} reads one topic twice`, {
        repair: 'read each topic by one input',
      });
    this.#options = options;
  }

  get state(): ProcessorState {
    const tasks = [...this.#tasks.values()];
    return {
      partitions: tasks.map(({ from }) => from.partition),
      late: tasks.reduce((sum, { task }) => sum + task.late, 0),
      duplicates: tasks.reduce((sum, { task }) => sum + task.duplicates, 0),
      isCaughtUp: tasks.length > 0 && tasks.every(({ isCaughtUp }) => isCaughtUp),
      failure: this.#failure,
    };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the batches under way and gives the partitions to others at once. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const from of [...this.#tasks.keys()]) await this.#drop(from);
    await this.#consumer?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopping.signal.aborted; ) {
      try {
        this.#consumer ??= await this.#join();
        const turn = this.#turn(this.#consumer);
        this.#busy = turn.catch(() => {});
        if (!(await turn)) await this.#news(this.#consumer);
        failures = 0;
        this.#failure = undefined;
      } catch (error) {
        failures += 1;
        this.#failure = error;
        this.#options.onFailure?.(error);
        const ms = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** failures);
        await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  #join(): Promise<LogConsumer> {
    const { log, processor, sessionMs } = this.#options;
    return log.join({
      group: processor.name,
      topics: [processor.inputs[0].topic],
      startAt: 'earliest',
      ...(sessionMs === undefined ? {} : { sessionMs }),
      // A batch is small: its partition goes when it is done.
      revoking: async (partitions) => {
        await this.#busy;
        for (const from of partitions) await this.#drop(from);
      },
    });
  }

  /** The group only says whose a partition is: its records are read by place. */
  async #news(consumer: LogConsumer): Promise<void> {
    consumer.pause(consumer.assigned);
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    try {
      await consumer.poll({ limit: 1, waitMs: LOOK_MS, signal: waiting.signal });
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  /** @returns whether something was there */
  async #turn(consumer: LogConsumer): Promise<boolean> {
    consumer.pause(consumer.assigned);
    for (const from of [...this.#tasks.keys()]) if (!consumer.assigned.includes(from)) await this.#drop(from);
    const outcomes = await Promise.allSettled(consumer.assigned.map((from) => this.#step(consumer, from)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value);
  }

  async #step(consumer: LogConsumer, from: AssignedPartition): Promise<boolean> {
    try {
      const open = this.#tasks.get(from) ?? (await this.#open(consumer, from));
      this.#tasks.set(from, open);
      return await this.#work(open);
    } catch (error) {
      await this.#drop(from);
      // Somebody else has it, or will be told that it has.
      if (KitError.is(error, 'partition-lost') || KitError.is(error, 'producer-fenced')) return false;
      throw error;
    }
  }

  async #open(consumer: LogConsumer, from: AssignedPartition): Promise<OpenTask> {
    const { processor, log, folder } = this.#options;
    const { name, operator, inputs, output, late, allowedLateness = '0 seconds' } = processor;
    mkdirSync(folder, { recursive: true });
    const store = new StateStore(join(folder, `${name}-${from.partition}.db`));
    try {
      const task = await Task.open({
        name,
        operator,
        inputs: inputs.length,
        latenessMs: durationMs(allowedLateness),
        output,
        late,
        changelog: { topic: processor.changelog ?? `${name}-changelog`, partition: from.partition },
        log,
        store,
        done: (offset) => [{ consumer, from, offset }],
      });
      return { from, task, store, lastAt: inputs.map(() => performance.now()), isCaughtUp: false };
    } catch (error) {
      store[Symbol.dispose]();
      throw error;
    }
  }

  async #work(open: OpenTask): Promise<boolean> {
    const { processor, log, batch: limit = BATCH, idleAfter = IDLE_AFTER } = this.#options;
    const read = await Promise.all(
      processor.inputs.map(async ({ topic }, input) => {
        const { partition } = open.from;
        const from = open.task.offsetOf(input) ?? (await this.#firstOf(topic, partition));
        return (await log.read(topic, partition, from, { limit })).records;
      }),
    );
    const now = performance.now();
    for (const [input, records] of read.entries()) if (records.length > 0) open.lastAt[input] = now;
    const idleMs = durationMs(idleAfter);
    const idle = new Set(open.lastAt.flatMap((at, input) => (now - at >= idleMs ? [input] : [])));
    const events = merge(read.map((records, input) => records.map((record) => this.#eventOf(record, input))));
    await open.task.process(events, idle);
    open.isCaughtUp = events.length === 0;
    return events.length > 0;
  }

  async #firstOf(topic: string, partition: number): Promise<number> {
    const bounds = await this.#options.log.bounds(topic);
    return bounds.find((found) => found.partition === partition)?.first ?? 0;
  }

  #eventOf(record: LogRecord, input: number): InputEvent {
    const { read, idOf = messageIdOf } = this.#options.processor.inputs[input] as ProcessorInput;
    const found = read(record);
    const event = found === undefined ? undefined : { id: idOf(record), ...found };
    return { input, offset: record.offset, event, value: record.value };
  }

  async #drop(from: AssignedPartition): Promise<void> {
    const open = this.#tasks.get(from);
    this.#tasks.delete(from);
    open?.store[Symbol.dispose]();
    await open?.task.close().catch(() => {});
  }
}

/** Each input in its own order; between them the earlier time first. */
export function merge(inputs: readonly (readonly InputEvent[])[]): readonly InputEvent[] {
  const at = inputs.map(() => 0);
  const merged: InputEvent[] = [];
  for (;;) {
    let next: InputEvent | undefined;
    for (const [input, events] of inputs.entries()) {
      const head = events[at[input] as number];
      if (head === undefined) continue;
      // What is passed over goes first: it has no time.
      if (next === undefined || (head.event?.time ?? -1) < (next.event?.time ?? -1)) next = head;
    }
    if (next === undefined) return merged;
    merged.push(next);
    at[next.input] = (at[next.input] as number) + 1;
  }
}
