import type { AttemptFence, JobRecord, JobReference } from '../../../../../services/kit/src/jobs/job.ts';
import type { Settlement } from '../../../../../services/kit/src/jobs/scripts/attempt.ts';
import type { MemoryStore } from '../memory-store.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import { type Delivery, SimulatedBus } from './sim-bus.ts';
import type { Timeline } from './timeline.ts';

export interface WorkerWorld {
  readonly line: Timeline;
  readonly store: MemoryStore;
  readonly chance: Chance;
  readonly history: History;
  /** Somebody may have something to do. */
  readonly wake: () => void;
  readonly faults: () => number;
  readonly isDown: () => boolean;
}

const BREAKER = { failures: 3, restMs: 4_000 };
const BEAT_MS = 3_000;

/** All workers there are: each delivery has a fate of its own. */
export class SimulatedWorkers {
  readonly #world: WorkerWorld;
  #names = 0;

  constructor(world: WorkerWorld) {
    this.#world = world;
  }

  take(delivery: Delivery): void {
    const { line, store, chance, faults, history } = this.#world;
    if (chance.is(faults() * 0.1)) return;
    const reference = JSON.parse(new TextDecoder().decode(delivery.payload)) as JobReference;
    const fence: AttemptFence = { ...reference, token: delivery.token };
    const worker = `w${this.#names++}`;
    const leaseUntil = line.now + SimulatedBus.ackWaitMs;
    const begun = store.runNow('begin', { ...fence, worker, leaseUntil, now: line.now });
    this.#world.wake();
    if (begun.kind === 'drop') {
      delivery.ack();
      return;
    }
    history.began(fence, begun.job);
    if (chance.is(faults() * 0.15)) return;
    const isHanging = chance.is(faults() * 0.2);
    const workMs = isHanging ? chance.between(5_000, 40_000) : chance.between(10, 4_000);
    if (!isHanging) this.#beat(fence, delivery, line.now + workMs);
    line.after(workMs, () => this.#settle(fence, begun.job, delivery));
  }

  #beat(fence: AttemptFence, delivery: Delivery, until: number): void {
    const { line, store } = this.#world;
    line.after(BEAT_MS, () => {
      if (line.now >= until) return;
      const [standing] = store.runNow('heartbeat', [{ ...fence, leaseUntil: line.now + SimulatedBus.ackWaitMs }]);
      if (standing !== 'held') return;
      delivery.extend();
      this.#beat(fence, delivery, until);
    });
  }

  #settle(fence: AttemptFence, job: JobRecord, delivery: Delivery): void {
    const { line, store, chance, history, wake, faults } = this.#world;
    const settlement = this.#outcomeOf(job);
    const statements = [{ sql: 'INSERT INTO effects (job) VALUES ($1)', params: [job.id] }];
    const effect = settlement.state === 'succeeded' ? { statements } : {};
    const settle = () => store.runNow('settle', fence, settlement, line.now, effect);
    let answer = settle();
    // An answer that gets lost: asked again, nothing happens twice.
    if (chance.is(faults() * 0.2)) answer = settle();
    history.settled(fence, settlement.state, answer);
    wake();
    if (answer === 'settled' || chance.is(0.5)) delivery.ack();
  }

  #outcomeOf(job: JobRecord): Settlement {
    const { chance, isDown, store, line, faults } = this.#world;
    const retry: Settlement = {
      state: 'ready',
      runAt: line.now + chance.between(0, 5_000),
      counted: true,
      failure: { code: 'unlucky', reason: 'did not work' },
    };
    const fail: Settlement = { state: 'failed', code: 'hopeless', reason: 'will not work' };
    const orGiveUp = (): Settlement => (job.attempt >= job.maxAttempts ? fail : retry);
    if (job.task === 'call') {
      const isDownNow = isDown();
      store.runNow('report', 'api', isDownNow ? 'failed' : 'ok', job.id, line.now, BREAKER);
      if (isDownNow) return orGiveUp();
    }
    if (chance.is(faults() * 0.3)) return orGiveUp();
    if (chance.is(faults() * 0.1)) return fail;
    if (chance.is(0.05)) return { state: 'ready', runAt: line.now + 1_000, counted: false, failure: undefined };
    return { state: 'succeeded', result: undefined };
  }
}
