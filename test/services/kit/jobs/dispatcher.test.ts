import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Dispatcher, type DispatcherOptions, releasePolicyOf } from '@penstock/kit/jobs';
import { pino } from 'pino';
import type { OutgoingItem, PublishReceipt } from '../../../../services/kit/src/bus/port.ts';
import { KitError } from '../../../../services/kit/src/errors.ts';
import { DispatchLane } from '../../../../services/kit/src/jobs/dispatch-lane.ts';
import { MemoryStore } from './memory-store.ts';
import { newJob } from './new-job.ts';

const log = pino({ level: 'silent' });

/** A store whose changes the test tells of. */
class WakingStore extends MemoryStore {
  #waiting = Promise.withResolvers<void>();

  changed(_withinMs: number, signal?: AbortSignal): Promise<void> {
    this.#waiting = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => this.#waiting.resolve(), { once: true });
    return this.#waiting.promise;
  }

  wake(): void {
    this.#waiting.resolve();
  }
}

/** Publishes are awaited one by one. */
class ListeningBus {
  readonly items: OutgoingItem[] = [];
  failWith: KitError | undefined;
  #arrived = Promise.withResolvers<void>();

  async publish(item: OutgoingItem): Promise<PublishReceipt> {
    if (this.failWith !== undefined) throw this.failWith;
    this.items.push(item);
    this.#arrived.resolve();
    return { id: item.idempotencyKey, duplicate: false };
  }

  async arrived(): Promise<void> {
    await this.#arrived.promise;
    this.#arrived = Promise.withResolvers<void>();
  }
}

describe('a dispatcher', () => {
  let store: WakingStore;
  let bus: ListeningBus;
  let now: number;
  const dispatchers: Dispatcher[] = [];
  beforeEach(() => {
    store = new WakingStore();
    bus = new ListeningBus();
    now = 1_000_000;
  });
  afterEach(async () => {
    await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.close()));
  });

  const queueOf = () => ({ queue: 'q', bus, window: 10, policy: releasePolicyOf([]) });
  const start = (overrides: Partial<DispatcherOptions> = {}): Dispatcher => {
    const dispatcher = new Dispatcher({ store, queues: [queueOf()], owner: 'd1', log, now: () => now, ...overrides });
    dispatchers.push(dispatcher);
    dispatcher.start();
    return dispatcher;
  };
  const laneOf = (owner: string): DispatchLane => new DispatchLane(queueOf(), { store, owner, log, now: () => now });
  const stateOf = (id: string): unknown =>
    store.database.prepare('SELECT state FROM jobs WHERE id = ?').get(id)?.['state'];

  test('publishes a reference of what is due, and of what is added later when the store says so', async () => {
    store.runNow('add', [newJob('a')]);
    const dispatcher = start();
    await bus.arrived();
    store.runNow('add', [newJob('b')]);
    store.wake();
    await bus.arrived();
    expect(bus.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['a.1', 'b.1']);
    expect(JSON.parse(new TextDecoder().decode(bus.items[0]?.payload))).toEqual({ job: 'a', release: 1 });
    expect(dispatcher.numbers.get('q')).toMatchObject({ leads: true, released: 2, unconfirmed: 0 });
  });

  test('hands the lead over when it closes, and nobody waits for it to run out', async () => {
    store.runNow('add', [newJob('a')]);
    const first = start();
    await bus.arrived();
    const other = laneOf('d2');
    await other.turn();
    expect(other.numbers.leads).toBe(false);
    await first.close();
    await other.turn();
    expect(other.numbers.leads).toBe(true);
  });

  test('sleeps until the next job is due, not longer', async () => {
    store.runNow('add', [newJob('a', { createdAt: now, runAt: now + 700 })]);
    expect(await laneOf('d1').turn()).toBe(now + 700);
  });

  test('makes a job ready again at once when the bus said no, and leaves it when nobody knows', async () => {
    const lane = laneOf('d1');
    store.runNow('add', [newJob('a')]);
    bus.failWith = new KitError('bus-refused', 'no');
    await lane.turn();
    expect(stateOf('a')).toBe('ready');
    bus.failWith = new KitError('bus-unreachable', 'who knows');
    await lane.turn();
    expect(stateOf('a')).toBe('released');
    expect(lane.numbers.unconfirmed).toBe(2);
    bus.failWith = undefined;
    now += 300_000;
    await lane.turn();
    expect(bus.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['a.3']);
  });

  test('releases again at once what a leader left that vanished before it published, and nothing that was begun', async () => {
    store.runNow(
      'add',
      ['a', 'b'].map((id) => newJob(id)),
    );
    await laneOf('d1').turn();
    store.runNow('begin', { job: 'b', release: 1, token: 1, worker: 'w', leaseUntil: now + 60_000, now });
    bus.items.splice(0);
    const next = laneOf('d2');
    now += 14_999;
    await next.turn();
    expect(bus.items).toEqual([]);
    now += 1;
    await next.turn();
    expect(bus.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['a.2']);
    // Only once: what it released itself is out.
    now += 5_000;
    await next.turn();
    expect(bus.items).toHaveLength(1);
  });

  test('leaves what a leader published that resigned: its references are with the bus', async () => {
    store.runNow('add', [newJob('a')]);
    const first = laneOf('d1');
    await first.turn();
    await first.resign();
    await laneOf('d2').turn();
    expect(bus.items.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['a.1']);
  });

  test('goes on when the store did not answer', async () => {
    store.runNow('add', [newJob('a')]);
    let isFailing = true;
    const flaky = {
      changed: (withinMs: number, signal?: AbortSignal) => store.changed(withinMs, signal),
      run: (async (name, ...args) => {
        if (isFailing) {
          isFailing = false;
          throw new KitError('store-unreachable', 'gone');
        }
        return await store.run(name, ...args);
      }) as MemoryStore['run'],
    };
    start({ store: flaky });
    await bus.arrived();
    expect(bus.items).toHaveLength(1);
  }, 10_000);

  test('serves a schedule, and one that is full waits without stopping the rest', async () => {
    const schedules = [{ name: 'clock', cron: '* * * * *', job: (at: number) => newJob(`c${at}`, { runAt: at }) }];
    const lane = new DispatchLane({ ...queueOf(), schedules }, { store, owner: 'd1', log, now: () => now });
    const nextAt = await lane.turn();
    expect(nextAt).toBeLessThanOrEqual(now + 60_000);
    now += 60_000;
    store.runNow('bound', 'q', { jobs: 0 });
    await lane.turn();
    expect(bus.items).toEqual([]);
    store.runNow('bound', 'q', {});
    await lane.turn();
    await lane.turn();
    expect(bus.items).toHaveLength(1);
  });
});
