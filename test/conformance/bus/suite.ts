import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bus, type BusAdmin, type Consumption, KitError, type Lease, type Queue } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { testProfile } from './profile.ts';

/** One backbone for the suite; every test gets a queue of its own on it. */
export interface BusHarness {
  /** As another process would: independent of earlier ones. */
  openBus(): Promise<Bus>;
  openAdmin(): Promise<BusAdmin>;
  close(): Promise<void>;
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Leases as they come, to be awaited one by one. */
export class Taker {
  readonly consumption: Consumption;
  readonly taken: Lease[] = [];
  #waiting: ((lease: Lease) => void)[] = [];
  #next = 0;

  constructor(queue: Queue, prefetch: number) {
    this.consumption = queue.consume({ prefetch }, (lease) => {
      this.taken.push(lease);
      this.#hand();
    });
  }

  /** The next lease that nobody has asked for. */
  next(): Promise<Lease> {
    const promise = new Promise<Lease>((resolve) => this.#waiting.push(resolve));
    this.#hand();
    return promise;
  }

  #hand(): void {
    while (this.#waiting.length > 0 && this.#next < this.taken.length) {
      this.#waiting.shift()?.(this.taken[this.#next++] as Lease);
    }
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A broker on a machine that has other things to do. */
const STARTS_WITHIN_MS = 60_000;

/** What drivers promise differently, as their guarantees say. */
export interface BusPromises {
  /** What becomes of a second publish of a key: nothing, an item that waits for the first, or one beside it. @default 'dropped' */
  readonly repeats?: 'dropped' | 'in-turn' | 'beside';
}

/** What every driver owes to whoever uses the port. */
export function describeBus(
  name: string,
  open: () => Promise<BusHarness>,
  { repeats = 'dropped' }: BusPromises = {},
): void {
  describe(`the bus on ${name}`, () => {
    let harness: BusHarness;
    let admin: BusAdmin;
    let bus: Bus;
    let count = 0;

    beforeAll(async () => {
      harness = await open();
      admin = await harness.openAdmin();
      bus = await harness.openBus();
    }, STARTS_WITHIN_MS);

    afterAll(async () => {
      await bus?.close();
      await admin?.close();
      await harness?.close();
    });

    const queueWith = async (overrides: Partial<QueueProfile> = {}): Promise<Queue> => {
      const profile = testProfile(`q-${++count}`, overrides);
      await admin.provision(profile);
      return bus.bind(profile);
    };
    const publish = (queue: Queue, key: string) => queue.publish({ idempotencyKey: key, payload: encode(key) });

    test('carries payload, headers and key unchanged', async () => {
      const queue = await queueWith();
      const payload = new Uint8Array([0, 255, 10, 13, 128]);
      await queue.publish({ idempotencyKey: 'k/1 ü', payload, headers: { traceparent: '00-ab-cd-01' } });
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      expect([...lease.payload]).toEqual([...payload]);
      expect(lease.headers['traceparent']).toBe('00-ab-cd-01');
      expect(lease.idempotencyKey).toBe('k/1 ü');
      expect(lease.attempt).toBe(1);
      await lease.ack();
      await taker.consumption.stop();
    });

    test('durability: an acked publish and an acked item are so for a client that opens later', async () => {
      const queue = await queueWith();
      await publish(queue, 'done');
      await publish(queue, 'open');
      const taker = new Taker(queue, 1);
      await (await taker.next()).ack();
      const open = await taker.next();
      await taker.consumption.stop();
      await open.release();
      const other = await harness.openBus();
      const again = new Taker(await other.bind(queue.profile), 2);
      expect(decode((await again.next()).payload)).toBe('open');
      await again.consumption.stop();
      await again.taken[0]?.ack();
      await other.close();
    });

    test('order: first published, first taken', async () => {
      const queue = await queueWith();
      const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
      for (const key of keys) await publish(queue, key);
      const taker = new Taker(queue, 1);
      const seen: string[] = [];
      for (const _ of keys) {
        const lease = await taker.next();
        seen.push(lease.idempotencyKey);
        await lease.ack();
      }
      expect(seen).toEqual(keys);
      await taker.consumption.stop();
    });

    const proveWindow = () =>
      test('duplicateWindow: a second publish of a key adds nothing, also after the first was acked', async () => {
        const queue = await queueWith();
        const first = await publish(queue, 'same');
        const taker = new Taker(queue, 5);
        await (await taker.next()).ack();
        const second = await publish(queue, 'same');
        expect(first.duplicate).toBe(false);
        expect(second.duplicate).toBe(true);
        await publish(queue, 'other');
        expect((await taker.next()).idempotencyKey).toBe('other');
        await taker.taken.at(-1)?.ack();
        await taker.consumption.stop();
      });

    const proveNoWindow = () =>
      test('duplicateWindow: without one, a second publish of a key is a second item that waits for the first', async () => {
        const queue = await queueWith();
        const receipts = [await publish(queue, 'same'), await publish(queue, 'same')];
        await publish(queue, 'other');
        expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false]);
        const taker = new Taker(queue, 5);
        const [first, other] = [await taker.next(), await taker.next()];
        expect([first, other].map(({ idempotencyKey }) => idempotencyKey)).toEqual(['same', 'other']);
        await first.ack();
        const second = await taker.next();
        expect(second).toMatchObject({ idempotencyKey: 'same', attempt: 1 });
        expect(second.id).not.toBe(first.id);
        expect(second.token).toBeGreaterThan(first.token);
        await Promise.all([second.ack(), other.ack()]);
        await taker.consumption.stop();
      });

    const proveNoTurn = () =>
      test('duplicateWindow: without one and without turns, a second publish of a key is an item of its own', async () => {
        const queue = await queueWith();
        const receipts = [await publish(queue, 'same'), await publish(queue, 'same')];
        expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false]);
        const taker = new Taker(queue, 5);
        const [first, second] = [await taker.next(), await taker.next()];
        expect([first, second]).toMatchObject([
          { idempotencyKey: 'same', attempt: 1 },
          { idempotencyKey: 'same', attempt: 1 },
        ]);
        expect(second.id).not.toBe(first.id);
        await Promise.all([first.ack(), second.ack()]);
        await taker.consumption.stop();
      });

    ({ dropped: proveWindow, 'in-turn': proveNoWindow, beside: proveNoTurn })[repeats]();

    test('never has more leases out than the prefetch, and takes the next when one is settled', async () => {
      const queue = await queueWith();
      for (const key of ['a', 'b', 'c', 'd']) await publish(queue, key);
      const taker = new Taker(queue, 2);
      const [a, b] = [await taker.next(), await taker.next()];
      expect(await queue.depth()).toMatchObject({ leased: 2 });
      expect(taker.taken).toHaveLength(2);
      await a.ack();
      const c = await taker.next();
      expect(c.idempotencyKey).toBe('c');
      await Promise.all([b.ack(), c.ack()]);
      await (await taker.next()).ack();
      await taker.consumption.stop();
    });

    test('delivers again when a lease runs out, with a greater token and the next attempt', async () => {
      const queue = await queueWith({ ackWaitMs: 1_000 });
      await publish(queue, 'slow');
      const taker = new Taker(queue, 1);
      const first = await taker.next();
      const second = await taker.next();
      expect(second.id).toBe(first.id);
      expect(second.attempt).toBe(2);
      expect(second.token).toBeGreaterThan(first.token);
      expect(first.signal.aborted).toBe(true);
      await second.ack();
      await taker.consumption.stop();
    });

    test('rejects a settlement of a lease that is over', async () => {
      const queue = await queueWith({ ackWaitMs: 1_000 });
      await publish(queue, 'late');
      const taker = new Taker(queue, 1);
      const first = await taker.next();
      const second = await taker.next();
      for (const settle of [
        () => first.ack(),
        () => first.extend(),
        () => first.release(),
        () => first.fail({ reason: 'x' }),
      ]) {
        await expect(settle()).rejects.toMatchObject({ code: 'lease-lost' });
      }
      await second.ack();
      await taker.consumption.stop();
    });

    test('an extended lease is owned for another ack wait', async () => {
      const queue = await queueWith({ ackWaitMs: 2_000 });
      await publish(queue, 'long');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      const before = lease.expiresAt;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await lease.extend();
      expect(lease.expiresAt).toBeGreaterThan(before);
      await lease.ack();
      await taker.consumption.stop();
    });

    test('a failed item comes back until its last attempt, then is a dead letter with its history', async () => {
      const queue = await queueWith({ maxAttempts: 3 });
      await publish(queue, 'poison');
      const taker = new Taker(queue, 1);
      const outcomes: string[] = [];
      for (const n of [1, 2, 3]) {
        const lease = await taker.next();
        expect(lease.attempt).toBe(n);
        outcomes.push(await lease.fail({ reason: `reason ${n}` }));
      }
      expect(outcomes).toEqual(['retried', 'retried', 'dead-lettered']);
      const [letter, ...others] = await queue.deadLetters();
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ idempotencyKey: 'poison', attempts: 3 });
      expect(letter?.history.map(({ reason }) => reason)).toEqual(['reason 1', 'reason 2', 'reason 3']);
      expect(decode(letter?.payload ?? new Uint8Array())).toBe('poison');
      expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0, deadLettered: 1 });
      await taker.consumption.stop();
    });

    test('a failure that cannot be retried is a dead letter at once', async () => {
      const queue = await queueWith();
      await publish(queue, 'bad');
      const taker = new Taker(queue, 1);
      expect(await (await taker.next()).fail({ reason: 'malformed', retryable: false })).toBe('dead-lettered');
      expect(await queue.deadLetters()).toMatchObject([{ idempotencyKey: 'bad', attempts: 1 }]);
      await taker.consumption.stop();
    });

    test('an item whose workers die goes to the dead letters after its last attempt', async () => {
      const queue = await queueWith({ ackWaitMs: 1_000, maxAttempts: 2 });
      await publish(queue, 'killer');
      const taker = new Taker(queue, 1);
      await taker.next();
      await taker.next();
      await publish(queue, 'after');
      expect((await taker.next()).idempotencyKey).toBe('after');
      await taker.taken.at(-1)?.ack();
      for (let looks = 0; looks < 100 && (await queue.depth()).deadLettered === 0; looks++)
        await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await queue.deadLetters()).toMatchObject([{ idempotencyKey: 'killer', attempts: 2 }]);
      await taker.consumption.stop();
    }, 20_000);

    test('dead letters are listed oldest first', async () => {
      const queue = await queueWith();
      const taker = new Taker(queue, 1);
      for (const key of ['one', 'two', 'three']) {
        await publish(queue, key);
        await (await taker.next()).fail({ reason: key, retryable: false });
      }
      expect((await queue.deadLetters({ limit: 2 })).map(({ idempotencyKey }) => idempotencyKey)).toEqual([
        'one',
        'two',
      ]);
      await taker.consumption.stop();
    });

    test('a released item can be taken by another consumer at once', async () => {
      const queue = await queueWith();
      await publish(queue, 'handed back');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await taker.consumption.stop();
      const other = new Taker(queue, 1);
      await lease.release();
      const again = await other.next();
      expect(again.id).toBe(lease.id);
      expect(again.token).toBeGreaterThan(lease.token);
      await again.ack();
      await other.consumption.stop();
    });

    test('a stopped consumer takes nothing more and its leases stay valid', async () => {
      const queue = await queueWith();
      await publish(queue, 'held');
      const taker = new Taker(queue, 1);
      const lease = await taker.next();
      await taker.consumption.stop();
      await publish(queue, 'not taken');
      await lease.ack();
      await taker.consumption.closed;
      expect(taker.taken).toHaveLength(1);
      expect(await queue.depth()).toMatchObject({ ready: 1, leased: 0 });
    });

    test('a consumption that was stopped and holds nothing is forgotten', async () => {
      const queue = await queueWith();
      const forgotten: WeakRef<Consumption>[] = [];
      const consumeAndStop = async (): Promise<void> => {
        await publish(queue, 'once');
        const taker = new Taker(queue, 1);
        await (await taker.next()).ack();
        forgotten.push(new WeakRef(taker.consumption));
        await taker.consumption.stop();
      };
      await consumeAndStop();
      // What is on the stack of a turn of the event loop stays until the next one.
      for (let turns = 0; turns < 100 && forgotten[0]?.deref() !== undefined; turns++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        collectGarbage();
      }
      expect(forgotten[0]?.deref()).toBeUndefined();
      expect(await queue.depth()).toMatchObject({ ready: 0, leased: 0 });
    });

    test('two clients never hold the same item at once', async () => {
      const queue = await queueWith();
      const other = await harness.openBus();
      const keys = Array.from({ length: 200 }, (_, n) => `k${n}`);
      await Promise.all(keys.map((key) => publish(queue, key)));
      const held = new Set<string>();
      const done: string[] = [];
      const lost = new Set<string>();
      const settling: Promise<void>[] = [];
      const take = (lease: Lease): void => {
        expect(held.has(lease.id)).toBe(false);
        held.add(lease.id);
        lease.signal.addEventListener('abort', () => held.delete(lease.id));
        setImmediate(() => {
          held.delete(lease.id);
          settling.push(settle(lease));
        });
      };
      const settle = async (lease: Lease): Promise<void> => {
        try {
          await lease.ack();
          done.push(lease.idempotencyKey);
        } catch (error) {
          // Where partitions move when the second client comes, the item belongs to whoever has it then.
          if (!KitError.is(error, 'lease-lost')) throw error;
          lost.add(lease.idempotencyKey);
        }
      };
      const consumers = [
        queue.consume({ prefetch: 5 }, take),
        (await other.bind(queue.profile)).consume({ prefetch: 5 }, take),
      ];
      for (let depth = await queue.depth(); depth.ready + depth.leased + depth.delayed > 0; depth = await queue.depth())
        await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all(settling);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      expect(new Set(done).size).toBe(done.length);
      // An ack whose answer was lost may have counted all the same.
      expect([...new Set([...done, ...lost])].toSorted()).toEqual(keys.toSorted());
      await other.close();
    });

    test('rejects a queue that was not provisioned', async () => {
      await expect(bus.bind(testProfile('never-made'))).rejects.toMatchObject({ code: 'queue-missing' });
    });

    test('rejects a profile that is not the one the queue was provisioned with', async () => {
      const queue = await queueWith();
      const error = await bus.bind({ ...queue.profile, ackWaitMs: 12_345 }).catch((caught: unknown) => caught);
      expect(KitError.is(error, 'queue-mismatch')).toBe(true);
      expect(String(error)).toContain('12345');
    });

    test('provisioning again changes the numbers in place and keeps the items', async () => {
      const queue = await queueWith();
      await publish(queue, 'kept');
      const changed = { ...queue.profile, ackWaitMs: 20_000 };
      await admin.provision(changed);
      const taker = new Taker(await bus.bind(changed), 1);
      expect((await taker.next()).idempotencyKey).toBe('kept');
      await taker.taken[0]?.ack();
      await taker.consumption.stop();
    });

    test('rejects an item that is too large', async () => {
      const queue = await queueWith({ maxItemBytes: 1_000 });
      await expect(queue.publish({ idempotencyKey: 'big', payload: new Uint8Array(1_001) })).rejects.toMatchObject({
        code: 'item-too-large',
      });
      expect(await queue.depth()).toMatchObject({ ready: 0 });
    });

    test('rejects what is asked of a closed bus', async () => {
      const queue = await queueWith();
      const other = await harness.openBus();
      const bound = await other.bind(queue.profile);
      await other.close();
      await expect(bound.publish({ idempotencyKey: 'x', payload: encode('x') })).rejects.toMatchObject({
        code: 'bus-closed',
      });
    });
  });
}
