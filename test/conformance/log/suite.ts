import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { KitError } from '@penstock/kit';
import { headerOf, headersOf, type Log, type LogAdmin, type LogConsumer, type LogRecord } from '@penstock/kit/events';

/** One log, and how to reach it. */
export interface LogBackend {
  readonly openLog: () => Promise<Log>;
  readonly openAdmin: () => Promise<LogAdmin>;
  readonly close: () => Promise<void>;
}

const SESSION_MS = 2_000;
/** Longer than any broker takes to share partitions anew. */
const PATIENCE_MS = 20_000;

const encoder = new TextEncoder();
export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const textOf = ({ value }: LogRecord): string | undefined =>
  value === null ? undefined : Buffer.from(value).toString();

/** Polls until there are so many records, or the patience is over. */
export async function take(consumer: LogConsumer, count: number): Promise<readonly LogRecord[]> {
  const taken: LogRecord[] = [];
  const deadline = performance.now() + PATIENCE_MS;
  while (taken.length < count && performance.now() < deadline)
    for (const { records } of await consumer.poll({ waitMs: 100 })) taken.push(...records);
  return taken;
}

export const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo()) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
};

/**
 * Opens a log for all tests of a block and closes it after them.
 *
 * @param take called with what is open, before the first test
 * @returns what is put in here is closed after each test, the last one first
 */
export function openForEach(
  start: () => Promise<LogBackend>,
  take: (open: { readonly backend: LogBackend; readonly admin: LogAdmin; readonly log: Log }) => void,
): AsyncDisposable[] {
  const opened: AsyncDisposable[] = [];
  let close = async (): Promise<void> => {};
  beforeAll(async () => {
    const backend = await start();
    const admin = await backend.openAdmin();
    await admin.provision({ name: 'first', partitions: 1 });
    const log = await backend.openLog();
    take({ backend, admin, log });
    close = async () => {
      await log.close();
      await admin.close();
      await backend.close();
    };
  }, 90_000);
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  });
  afterAll(() => close());
  return opened;
}

/** What every driver of the log does, whatever is behind it. */
export function describeLog(name: string, start: () => Promise<LogBackend>): void {
  describe(`the log on ${name}`, () => {
    let backend: LogBackend;
    let admin: LogAdmin;
    let log: Log;
    let topics = 0;
    const opened = openForEach(start, (open) => {
      ({ backend, admin, log } = open);
    });

    const newTopic = async (partitions = 1): Promise<string> => {
      topics += 1;
      await admin.provision({ name: `topic-${topics}`, partitions });
      return `topic-${topics}`;
    };
    const anotherLog = async (): Promise<Log> => {
      const another = await backend.openLog();
      opened.push(another);
      return another;
    };
    const join = async (
      topic: string,
      options: {
        readonly through?: Log;
        readonly startAt?: 'earliest' | 'latest';
        readonly group?: string;
        readonly member?: string;
      } = {},
    ): Promise<LogConsumer> => {
      const { through = log, startAt = 'earliest', group = `${topic}.readers`, member } = options;
      const named = member === undefined ? {} : { member };
      const consumer = await through.join({ group, topics: [topic], startAt, sessionMs: SESSION_MS, ...named });
      opened.push(consumer);
      return consumer;
    };
    const produce = (topic: string, ...texts: readonly string[]) =>
      log.produce(texts.map((text) => ({ topic, key: text.split(':')[0] as string, value: bytes(text) })));

    test('a record comes back as it was produced', async () => {
      const topic = await newTopic();
      const headers = [...headersOf({ id: '7', note: 'Grüße' }), ['raw', new Uint8Array([0, 255, 128])] as const];
      const places = await log.produce([
        { topic, key: 'a', value: bytes('one'), headers },
        { topic, key: 'a', value: null },
        { topic, value: new Uint8Array([0, 1, 2]) },
      ]);
      expect(places.map(({ offset }) => offset)).toEqual([0, 1, 2]);
      const { records, next } = await log.read(topic, 0, 0, { waitMs: 2_000 });
      expect(next).toBe(3);
      expect(records.map(({ key, value }) => ({ key, value: value && [...value] }))).toEqual([
        { key: 'a', value: [...bytes('one')] },
        { key: 'a', value: null },
        { key: undefined, value: [0, 1, 2] },
      ]);
      const [first] = records as [LogRecord];
      expect(headerOf(first, 'note')).toBe('Grüße');
      expect([...(first.headers.find(([header]) => header === 'raw')?.[1] ?? [])]).toEqual([0, 255, 128]);
      expect(Math.abs(first.timestamp - Date.now())).toBeLessThan(60_000);
    });

    test('the last header of a name counts, and all of them stay', async () => {
      const topic = await newTopic();
      await log.produce([
        { topic, key: 'a', value: bytes('x'), headers: [...headersOf({ id: 'old' }), ...headersOf({ id: 'new' })] },
      ]);
      const [record] = (await log.read(topic, 0, 0, { waitMs: 2_000 })).records as [LogRecord];
      expect(record.headers).toHaveLength(2);
      expect(headerOf(record, 'id')).toBe('new');
    });

    test('records of one key are in one partition, in the order they were produced', async () => {
      const topic = await newTopic(4);
      const keys = ['ada', 'ben', 'cem', 'dot', 'eve'];
      const rounds = Array.from({ length: 20 }, (_, round) => keys.map((key) => `${key}:${round}`));
      for (const round of rounds) await produce(topic, ...round);
      const taken = await take(await join(topic), 100);
      for (const key of keys) {
        const own = taken.filter((record) => record.key === key);
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
        expect(own.map(textOf)).toEqual(rounds.map((_, round) => `${key}:${round}`));
      }
    });

    test('a partition that is named is the one', async () => {
      const topic = await newTopic(3);
      const [place] = await log.produce([{ topic, key: 'a', partition: 2, value: bytes('x') }]);
      expect(place).toEqual({ topic, partition: 2, offset: 0 });
    });

    test('a group goes on from what it committed, and takes again what it did not', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:1', 'a:2', 'a:3');
      const before = await join(topic);
      expect((await take(before, 3)).map(textOf)).toEqual(['a:1', 'a:2', 'a:3']);
      await before.commit(before.assigned[0] as never, 2);
      await before.close();
      const after = await join(topic);
      expect((await take(after, 1)).map(textOf)).toEqual(['a:3']);
    });

    test('two groups read the same records', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:1');
      expect(await take(await join(topic, { group: `${topic}.one` }), 1)).toHaveLength(1);
      expect(await take(await join(topic, { group: `${topic}.two` }), 1)).toHaveLength(1);
    });

    test('a group that starts at the latest sees what comes after it joined', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:old');
      const consumer = await join(topic, { startAt: 'latest' });
      await until(() => consumer.assigned.length > 0);
      await consumer.poll({ waitMs: 100 });
      await produce(topic, 'a:new');
      expect((await take(consumer, 1)).map(textOf)).toEqual(['a:new']);
    });

    test('members of a group share the partitions, and one that leaves gives its own to the other', async () => {
      const topic = await newTopic(4);
      const one = await join(topic);
      await until(() => one.assigned.length === 4);
      const two = await join(topic, { through: await anotherLog() });
      await until(async () => {
        await Promise.all([one.poll({ waitMs: 10 }), two.poll({ waitMs: 10 })]);
        return one.assigned.length === 2 && two.assigned.length === 2;
      });
      const partitionsOf = (consumer: LogConsumer) => consumer.assigned.map(({ partition }) => partition);
      expect([...partitionsOf(one), ...partitionsOf(two)].sort()).toEqual([0, 1, 2, 3]);
      await one.close();
      await until(() => two.assigned.length === 4);
      expect(partitionsOf(two).toSorted()).toEqual([0, 1, 2, 3]);
    }, 60_000);

    test('a member that comes back under its name has its partitions again, and those of others stay where they are', async () => {
      const topic = await newTopic(4);
      const one = await join(topic, { member: 'reader-1' });
      const two = await join(topic, { through: await anotherLog(), member: 'reader-10' });
      await until(async () => {
        await Promise.all([one.poll({ waitMs: 10 }), two.poll({ waitMs: 10 })]);
        return one.assigned.length === 2 && two.assigned.length === 2;
      });
      const partitionsOf = (consumer: LogConsumer) => consumer.assigned.map(({ partition }) => partition).toSorted();
      const [before, kept] = [partitionsOf(one), two.assigned];
      await one.close();
      const back = await join(topic, { member: 'reader-1' });
      await until(() => back.assigned.length === 2);
      expect(partitionsOf(back)).toEqual(before);
      expect(kept.map(({ signal }) => signal.aborted)).toEqual([false, false]);
      expect(two.assigned).toEqual(kept);
    }, 60_000);

    test('a partition that comes to another member has a greater epoch', async () => {
      const topic = await newTopic();
      const one = await join(topic);
      await until(() => one.assigned.length === 1);
      const before = one.assigned[0];
      await one.close();
      expect(before?.signal.aborted).toBe(true);
      const two = await join(topic);
      await until(() => two.assigned.length === 1);
      expect(two.assigned[0]?.epoch).toBeGreaterThan(before?.epoch as number);
    }, 60_000);

    test('rejects a commit of a member that was given up', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:1');
      const one = await join(topic);
      await take(one, 1);
      const held = one.assigned[0] as never;
      await one.close();
      await expect(one.commit(held, 1)).rejects.toMatchObject({ code: 'partition-lost' } satisfies Partial<KitError>);
    });

    test('nothing comes of a partition that is paused until it is resumed', async () => {
      const topic = await newTopic();
      const consumer = await join(topic);
      await until(() => consumer.assigned.length === 1);
      consumer.pause(consumer.assigned);
      await produce(topic, 'a:1');
      expect(await consumer.poll({ waitMs: 300 })).toEqual([]);
      consumer.resume(consumer.assigned);
      expect((await take(consumer, 1)).map(textOf)).toEqual(['a:1']);
    });

    test('a poll that waits is woken by a record of another process, and ended by its signal', async () => {
      const topic = await newTopic();
      const consumer = await join(topic);
      await until(() => consumer.assigned.length === 1);
      const waiting = take(consumer, 1);
      await (await anotherLog()).produce([{ topic, key: 'a', value: bytes('a:1') }]);
      expect((await waiting).map(textOf)).toEqual(['a:1']);
      expect(await consumer.poll({ waitMs: PATIENCE_MS, signal: AbortSignal.timeout(50) })).toEqual([]);
    });

    test('the lag of a group is what it has not committed', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:1', 'a:2', 'a:3');
      const consumer = await join(topic);
      await take(consumer, 3);
      await consumer.commit(consumer.assigned[0] as never, 1);
      expect(await log.lag(`${topic}.readers`, topic)).toEqual([
        { partition: 0, first: 0, end: 3, committed: 1, lag: 2 },
      ]);
    });

    test('a group without members goes on where infrastructure says', async () => {
      const topic = await newTopic();
      await produce(topic, 'a:1', 'a:2', 'a:3');
      const consumer = await join(topic);
      await take(consumer, 3);
      await consumer.commit(consumer.assigned[0] as never, 3);
      const positions = [{ topic, partition: 0, offset: 1 }];
      await expect(admin.reposition(`${topic}.readers`, positions)).rejects.toMatchObject({ code: 'group-busy' });
      await consumer.close();
      await admin.reposition(`${topic}.readers`, positions);
      expect((await take(await join(topic), 2)).map(textOf)).toEqual(['a:2', 'a:3']);
    }, 60_000);

    test('a topic can be made wider, not narrower', async () => {
      const topic = await newTopic(2);
      await admin.provision({ name: topic, partitions: 3 });
      await until(async () => (await log.bounds(topic)).length === 3);
      expect(await log.bounds(topic)).toHaveLength(3);
      await expect(admin.provision({ name: topic, partitions: 1 })).rejects.toMatchObject({ code: 'topic-mismatch' });
    });

    test('rejects a topic that is not there', async () => {
      const missing = { code: 'topic-missing' };
      await expect(log.produce([{ topic: 'nowhere', value: bytes('x') }])).rejects.toMatchObject(missing);
      await expect(log.bounds('nowhere')).rejects.toMatchObject(missing);
      await expect(log.join({ group: 'g', topics: ['nowhere'], startAt: 'earliest' })).rejects.toMatchObject(missing);
    });

    test('rejects a record that nobody could place', async () => {
      const topic = await newTopic();
      const malformed = { code: 'record-malformed' };
      await expect(log.produce([{ topic, value: null }])).rejects.toMatchObject(malformed);
      await expect(log.produce([{ topic, partition: 1, value: bytes('x') }])).rejects.toMatchObject(malformed);
    });
  });
}
