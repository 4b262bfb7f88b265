import { pino } from 'pino';
import { KitError } from '../../../../../services/kit/src/errors.ts';
import { DispatchLane } from '../../../../../services/kit/src/jobs/dispatch-lane.ts';
import type { JobStore } from '../../../../../services/kit/src/jobs/job-store.ts';
import type { Schedule } from '../../../../../services/kit/src/jobs/schedule.ts';
import {
  type ScriptArguments,
  type ScriptName,
  type ScriptResult,
  WAKES,
} from '../../../../../services/kit/src/jobs/scripts/index.ts';
import type { ReleaseArguments } from '../../../../../services/kit/src/jobs/scripts/release.ts';
import { MemoryStore } from '../memory-store.ts';
import { Chance } from './chance.ts';
import { History } from './history.ts';
import { FAULTS_END_MS, type JobWish, type Plan, POLICY, type Wish } from './plan.ts';
import { SimulatedBus } from './sim-bus.ts';
import { SimulatedWorkers } from './sim-worker.ts';
import { Timeline } from './timeline.ts';

/** After the last fault everything has to be over within this. */
const PATIENCE_MS = 1_800_000;
const MOST_STEPS = 200_000;
const log = pino({ level: 'silent' });

interface Dispatching {
  lane: DispatchLane;
  /** Its process stands still until then. */
  pausedUntil: number;
  isTurning: boolean;
  nextAt: number;
}

/** One run of a plan. */
export class World {
  readonly #plan: Plan;
  readonly #line = new Timeline();
  readonly #store = new MemoryStore();
  readonly #chance: Chance;
  readonly #history: History;
  readonly #bus: SimulatedBus;
  readonly #dispatchers: Dispatching[];
  readonly #startedAt: number;
  readonly #down: readonly (readonly [number, number])[];
  #lives = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#chance = new Chance(plan.seed + 1);
    this.#startedAt = this.#line.now;
    this.#store.database.exec('CREATE TABLE effects (job TEXT NOT NULL)');
    this.#history = new History(this.#store, this.#line);
    const from = this.#line.now + this.#chance.between(0, FAULTS_END_MS);
    this.#down = [[from, from + this.#chance.between(5_000, 30_000)]];
    const faults = (): number => this.#faults();
    const workers = new SimulatedWorkers({
      line: this.#line,
      store: this.#store,
      chance: this.#chance.fork(),
      history: this.#history,
      wake: () => this.#wake(),
      faults,
      isDown: () => this.#down.some(([start, end]) => start <= this.#line.now && this.#line.now < end),
    });
    this.#bus = new SimulatedBus(this.#line, this.#chance.fork(), faults, (delivery) => workers.take(delivery));
    this.#dispatchers = [this.#start(), this.#start()];
  }

  async run(): Promise<History> {
    for (const wish of this.#plan.wishes) this.#line.after(wish.after, () => this.#do(wish));
    for (const dispatcher of this.#dispatchers) this.#line.after(0, () => this.#turn(dispatcher));
    this.#line.after(FAULTS_END_MS, () => {
      this.#store.runNow('removeSchedule', 'clock');
      this.#store.runNow('resume', 'q');
    });
    const end = this.#startedAt + FAULTS_END_MS + PATIENCE_MS;
    for (let steps = 0; steps < MOST_STEPS && this.#line.now < end; steps += 1) {
      if (!(await this.#line.step())) break;
      if (this.#history.violations.length > 0) return this.#history;
      if (steps % 16 === 0 && this.#isOver()) break;
    }
    this.#history.finish();
    return this.#history;
  }

  /** Breaks the database on purpose, so that a checker that finds nothing is found out. */
  applyTwice(): void {
    this.#store.database.exec(
      'CREATE TRIGGER twice AFTER INSERT ON effects BEGIN INSERT INTO effects (job) VALUES (new.job); END',
    );
  }

  #isOver(): boolean {
    if (this.#line.now < this.#startedAt + FAULTS_END_MS + 1) return false;
    const open = this.#store.database
      .prepare(`SELECT 1 FROM jobs WHERE state NOT IN ('succeeded', 'failed', 'cancelled') LIMIT 1`)
      .all();
    return open.length === 0;
  }

  #faults(): number {
    return this.#line.now < this.#startedAt + FAULTS_END_MS ? this.#plan.faults : 0;
  }

  #do(wish: Wish): void {
    const { now } = this.#line;
    if (wish.kind === 'cancel') {
      const answer = this.#store.runNow('cancel', wish.id, 'unwanted', now);
      this.#history.cancelled(wish.id, answer);
    } else if (wish.kind === 'pause') {
      this.#store.runNow('pause', 'q', now);
      this.#history.note('pause');
      this.#line.after(wish.forMs, () => {
        this.#store.runNow('resume', 'q');
        this.#wake();
      });
    } else this.#add(wish.jobs);
    this.#wake();
  }

  #add(wishes: readonly JobWish[]): void {
    const { now } = this.#line;
    const jobs = wishes.map(({ delayMs, deadlineMs, ...job }) => ({
      ...job,
      createdAt: now,
      runAt: now + delayMs,
      deadlineAt: deadlineMs === undefined ? undefined : now + deadlineMs,
      keyExpiresAt: now + 10 * PATIENCE_MS,
    }));
    // In a shrunk plan, or one in another order, what a job needs may not be there.
    const known = jobs.filter(({ needs }) =>
      needs.every(({ job }) => this.#history.acknowledged.has(job) || jobs.some(({ id }) => id === job)),
    );
    const receipts = this.#store.runNow('add', known);
    if (this.#chance.is(this.#faults() * 0.2)) this.#store.runNow('add', known);
    for (const { id } of receipts) this.#history.acknowledged.add(id);
    this.#history.note(`add ${known.map(({ id, task, group }) => `${id}/${task}/${group ?? ''}`).join(' ')}`);
  }

  #wake(): void {
    for (const dispatcher of this.#dispatchers) this.#turnAt(dispatcher, this.#line.now + 1);
  }

  #start(): Dispatching {
    const owner = `d${this.#lives++}`;
    const dispatching: Dispatching = { lane: undefined as never, pausedUntil: 0, isTurning: false, nextAt: 0 };
    const schedules: readonly Schedule[] = this.#plan.hasSchedule
      ? [{ name: 'clock', cron: '*/10 * * * * *', missed: 'run-all', job: (at) => this.#scheduled(at) }]
      : [];
    const store: Pick<JobStore, 'run'> = { run: (name, ...args) => this.#ask(dispatching, name, args) };
    dispatching.lane = new DispatchLane(
      {
        queue: 'q',
        bus: this.#bus,
        window: this.#plan.window,
        policy: POLICY,
        schedules,
        times: { leadMs: 5_000, unbegunMs: 20_000, graceMs: 8_000, lookMs: 2_000, retentionMs: 100 * PATIENCE_MS },
      },
      { store, owner, now: () => this.#line.now, log },
    );
    return dispatching;
  }

  #scheduled(at: number) {
    return {
      id: `clock-${at}`,
      queue: 'q',
      task: 'plain',
      version: 1,
      idempotencyKey: '',
      keyExpiresAt: at + 10 * PATIENCE_MS,
      payload: new Uint8Array(3),
      headers: {},
      createdAt: at,
      runAt: at,
      deadlineAt: undefined,
      priority: 0,
      group: undefined,
      orderKey: undefined,
      limitKey: undefined,
      maxAttempts: 3,
      maxCrashes: 3,
      needs: [],
    };
  }

  /** A dispatcher asks the store: it may be held up just before, while the other one goes on; answers may get lost. */
  async #ask<Name extends ScriptName>(
    asking: Dispatching,
    name: Name,
    args: ScriptArguments<Name>,
  ): Promise<ScriptResult<Name>> {
    const faults = this.#faults();
    if (this.#chance.is(faults * 0.05)) {
      this.#line.now += this.#chance.between(1, 12_000);
      for (const other of this.#dispatchers) if (other !== asking) await this.#turn(other);
    }
    if (this.#chance.is(faults * 0.05)) throw new KitError('store-unreachable', 'did not hear');
    const before = name === 'release' ? this.#history.breaker((args[0] as ReleaseArguments).now) : [];
    const result = this.#store.runNow(name, ...args);
    if (name === 'release') {
      const released = result as ScriptResult<'release'>;
      const { window, now } = args[0] as ReleaseArguments;
      if (released !== undefined) this.#history.released(released.references, window, now, before);
    }
    if (WAKES[name]) this.#wake();
    if (this.#chance.is(faults * 0.05)) throw new KitError('store-unreachable', 'answered in vain');
    return result;
  }

  #turnAt(dispatcher: Dispatching, at: number): void {
    if (dispatcher.nextAt > this.#line.now && dispatcher.nextAt <= at) return;
    dispatcher.nextAt = at;
    this.#line.at(at, () => (dispatcher.nextAt === at ? this.#turn(dispatcher) : undefined));
  }

  async #turn(dispatcher: Dispatching): Promise<void> {
    if (dispatcher.isTurning) return;
    const { now } = this.#line;
    dispatcher.nextAt = 0;
    if (dispatcher.pausedUntil > now) {
      this.#turnAt(dispatcher, dispatcher.pausedUntil);
      return;
    }
    if (this.#chance.is(this.#faults() * 0.02)) dispatcher.pausedUntil = now + this.#chance.between(1_000, 20_000);
    if (this.#chance.is(this.#faults() * 0.01)) dispatcher.lane = this.#start().lane;
    dispatcher.isTurning = true;
    let nextAt: number;
    try {
      nextAt = await dispatcher.lane.turn();
    } catch (error) {
      if (!KitError.is(error, 'store-unreachable')) throw error;
      nextAt = this.#line.now + 1_000;
    } finally {
      dispatcher.isTurning = false;
    }
    this.#turnAt(dispatcher, Math.max(nextAt, this.#line.now + 1));
  }
}
