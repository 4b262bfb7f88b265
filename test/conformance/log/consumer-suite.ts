import { describe, expect, jest, test } from '@jest/globals';
import { KitError } from '@penstock/kit';
import {
  givenUpOf,
  headersOf,
  type Log,
  type LogAdmin,
  readDeadRecords,
  redriveRecords,
  TopicConsumer,
  type TopicConsumerOptions,
} from '@penstock/kit/events';
import { bytes, type LogBackend, openForEach, textOf, until } from './suite.ts';

jest.setTimeout(60_000);

const SESSION_MS = 2_000;

/** A handler that waits until it is let go. */
const gate = () => Promise.withResolvers<void>();

/** What a consumer of topics does, whatever log is behind it. */
export function describeTopicConsumer(name: string, start: () => Promise<LogBackend>): void {
  describe(`a consumer of topics on ${name}`, () => {
    let backend: LogBackend;
    let admin: LogAdmin;
    let log: Log;
    let topics = 0;
    const opened = openForEach(start, (open) => {
      ({ backend, admin, log } = open);
    });

    const newTopics = async (partitions = 1) => {
      topics += 1;
      const topic = `events-${topics}`;
      const names = { topic, soon: `${topic}.soon`, later: `${topic}.later`, dead: `${topic}.dead` };
      for (const one of Object.values(names)) await admin.provision({ name: one, partitions });
      return names;
    };
    type Options = Omit<TopicConsumerOptions<string>, 'log' | 'group' | 'topics' | 'decode'>;
    const consume = (topic: string, options: Options, through = log): TopicConsumer<string> => {
      const consumer = new TopicConsumer<string>({
        log: through,
        group: `${topic}.readers`,
        topics: [topic],
        sessionMs: SESSION_MS,
        backoffMs: 10,
        commitMs: 20,
        decode: (record) => {
          const text = textOf(record) as string;
          if (text.endsWith('poison')) throw new Error('no such event');
          return text;
        },
        ...options,
      });
      opened.push(consumer);
      consumer.start();
      return consumer;
    };
    const produce = (topic: string, ...texts: readonly string[]) =>
      log.produce(texts.map((text) => ({ topic, key: text.split(':')[0] as string, value: bytes(text) })));
    const committed = async (topic: string) => (await log.lag(`${topic}.readers`, topic))[0]?.committed;
    const isDone = (topic: string) => async () =>
      (await log.lag(`${topic}.readers`, topic)).every(({ lag }) => lag === 0);

    test('events of one key are handled one after the other, those of different keys side by side', async () => {
      const { topic } = await newTopics();
      const [open, atWork] = [gate(), new Map<string, number>()];
      const handled: string[] = [];
      let most = 0;
      consume(topic, {
        handle: async (event = '') => {
          const key = event.split(':')[0] as string;
          atWork.set(key, (atWork.get(key) ?? 0) + 1);
          expect(atWork.get(key)).toBe(1);
          most = Math.max(most, [...atWork.values()].filter((count) => count > 0).length);
          await open.promise;
          atWork.set(key, 0);
          handled.push(event);
        },
      });
      const texts = Array.from({ length: 30 }, (_, n) => `${'abc'[n % 3]}:${n}`);
      await produce(topic, ...texts);
      await until(() => most === 3);
      open.resolve();
      await until(() => handled.length === 30);
      for (const key of 'abc')
        expect(handled.filter((text) => text.startsWith(key))).toEqual(texts.filter((text) => text.startsWith(key)));
      await until(isDone(topic));
    });

    test('an event that takes long holds up no other key, and nothing behind it is committed (thomhurst/Dekaf#1389, eschizoid/kpipe#136)', async () => {
      const { topic } = await newTopics();
      const open = gate();
      const handled: string[] = [];
      consume(topic, {
        handle: async (event = '') => {
          if (event === 'slow:1') await open.promise;
          handled.push(event);
        },
      });
      await produce(topic, 'a:0', 'slow:1', 'slow:2', 'a:3', 'b:4');
      await until(() => handled.length === 3);
      expect(handled).toEqual(expect.arrayContaining(['a:0', 'a:3', 'b:4']));
      await until(async () => (await committed(topic)) === 1);
      open.resolve();
      await until(isDone(topic));
      expect(handled.slice(3)).toEqual(['slow:1', 'slow:2']);
    });

    test('a key that fails waits without taking a place of work from the others', async () => {
      const { topic } = await newTopics();
      const handled: string[] = [];
      consume(topic, {
        concurrency: 1,
        backoffMs: 20_000,
        handle: (event = '') => {
          if (event.startsWith('bad')) throw new Error('not yet');
          handled.push(event);
        },
      });
      await produce(topic, 'bad-1:0', 'bad-2:1', 'a:2', 'b:3');
      await until(() => handled.length === 2);
      expect(handled).toEqual(['a:2', 'b:3']);
    });

    test('no more is taken than the window holds, and it goes on when there is room', async () => {
      const { topic } = await newTopics();
      const open = gate();
      const handled: string[] = [];
      const consumer = consume(topic, {
        window: 10,
        handle: async (event = '') => {
          if (event === 'slow:0') await open.promise;
          handled.push(event);
        },
      });
      await produce(topic, 'slow:0', ...Array.from({ length: 200 }, (_, n) => `k${n}:${n}`));
      await until(() => handled.length >= 9);
      // Several polls later it has not gone on.
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(handled.length).toBeLessThan(20);
      expect(consumer.state.inHand).toBe(1);
      open.resolve();
      await until(() => handled.length === 201);
    });

    test('what was not done is delivered again to the next member, and what was done without a gap is not', async () => {
      const { topic } = await newTopics();
      const never = gate();
      const first: string[] = [];
      const one = consume(topic, {
        drainMs: 50,
        handle: async (event = '', _record, { signal }) => {
          first.push(event);
          if (event !== 'b:1') return;
          signal.addEventListener('abort', () => never.reject(new Error('given up')));
          await never.promise;
        },
      });
      await produce(topic, 'a:0', 'b:1', 'c:2');
      await until(async () => first.length === 3 && (await committed(topic)) === 1);
      await one.close();
      const second: string[] = [];
      consume(topic, { handle: (event = '') => void second.push(event) });
      await until(() => second.length === 2);
      expect(second).toEqual(['b:1', 'c:2']);
    });

    test('an event that fails goes through the retry topics in turn and then lies among the dead letters, with its history', async () => {
      const { topic, soon, later, dead } = await newTopics(3);
      const attempts: number[] = [];
      const handled: string[] = [];
      const consumer = consume(topic, {
        attempts: 2,
        retries: [
          { topic: soon, delayMs: 50 },
          { topic: later, delayMs: 200 },
        ],
        deadLetters: dead,
        handle: (event = '', _record, { attempt }) => {
          if (event === 'bad:1') {
            attempts.push(attempt);
            throw new Error(`refused ${attempt}`);
          }
          handled.push(event);
        },
      });
      const [place] = await log.produce([
        { topic, key: 'bad', value: bytes('bad:1'), headers: headersOf({ id: 'event-1' }) },
      ]);
      await produce(topic, 'bad:2', 'a:3');
      await until(() => consumer.state.deadLettered === 1 && handled.length === 2);
      const [letter, ...others] = await readDeadRecords(log, dead, 10);
      expect(others).toEqual([]);
      expect(letter?.origin).toEqual(place);
      expect(letter?.record.key).toBe('bad');
      expect(textOf(letter?.record as never)).toBe('bad:1');
      expect(letter?.history).toHaveLength(3);
      expect(letter?.history.at(-1)).toMatchObject({ error: `refused ${attempts.at(-1)}` });
      expect(letter?.record.headers.filter(([header]) => header === 'id')).toHaveLength(1);
      expect(attempts).toEqual([1, 2, 3, 4, 5, 6]);
      expect(consumer.state).toMatchObject({ retried: 2, handled: 2, inHand: 0 });
    });

    test('an event that nobody can read is tried once, and lies among the dead letters', async () => {
      const { topic, soon, dead } = await newTopics();
      const handled: string[] = [];
      const consumer = consume(topic, {
        retries: [{ topic: soon, delayMs: 10 }],
        deadLetters: dead,
        handle: (event = '') => void handled.push(event),
      });
      await produce(topic, 'a:poison', 'a:2');
      await until(() => handled.length === 1 && consumer.state.deadLettered === 1);
      const [letter] = await readDeadRecords(log, dead, 10);
      expect(letter?.history).toHaveLength(1);
      expect(letter?.history[0]?.error).toContain('event-malformed');
      await until(isDone(topic));
    });

    test('a tombstone is handled as one, and lies as one among the dead letters', async () => {
      const { topic, dead } = await newTopics();
      const seen: (string | undefined)[] = [];
      consume(topic, {
        attempts: 1,
        deadLetters: dead,
        handle: (event) => {
          seen.push(event);
          throw new Error('refused');
        },
      });
      await log.produce([{ topic, key: 'a', value: null }]);
      await until(async () => (await readDeadRecords(log, dead, 1)).length === 1);
      expect(seen).toEqual([undefined]);
      expect((await readDeadRecords(log, dead, 1))[0]?.record).toMatchObject({ key: 'a', value: null });
    });

    test('dead letters that are redriven are handled with a new history, those that were not chosen stay', async () => {
      const { topic, soon, dead } = await newTopics();
      let isMended = false;
      const handled: string[] = [];
      const places: unknown[] = [];
      const consumer = consume(topic, {
        attempts: 1,
        retries: [{ topic: soon, delayMs: 1 }],
        deadLetters: dead,
        handle: (event = '', record, { attempt }) => {
          if (!isMended) throw new Error('refused');
          handled.push(`${event}/${attempt}`);
          places.push(givenUpOf(record).origin);
        },
      });
      const [first] = await produce(topic, 'a:1', 'b:2');
      await until(() => consumer.state.deadLettered === 2);
      isMended = true;
      const sent = await redriveRecords({
        log,
        deadLetters: dead,
        to: soon,
        perSecond: 1_000,
        matches: ({ record }) => record.key === 'a',
      });
      expect(sent).toBe(1);
      await until(() => handled.length === 1);
      expect(handled).toEqual(['a:1/1']);
      expect(places).toEqual([first]);
      expect(await redriveRecords({ log, deadLetters: dead, to: soon })).toBe(0);
    });

    test('what is behind the handler may be away for long, and nothing is given up for it', async () => {
      const { topic, dead } = await newTopics();
      let failures = 0;
      const handled: string[] = [];
      const consumer = consume(topic, {
        attempts: 2,
        deadLetters: dead,
        handle: (event = '') => {
          if (failures++ < 5) throw new KitError('store-unreachable', 'the database is away');
          handled.push(event);
        },
      });
      await produce(topic, 'a:1');
      await until(() => handled.length === 1);
      expect(consumer.state).toMatchObject({ deadLettered: 0, retried: 0 });
    });

    test('members come and go under load: every event is handled, in the order of its key, and no commit goes back (zendesk/ruby-kafka#592, tulios/kafkajs#1527)', async () => {
      const { topic } = await newTopics(4);
      const KEYS = 12;
      const ROUNDS = 40;
      const firsts = new Map<string, number[]>();
      const seen = new Set<string>();
      const handle = async (event = ''): Promise<void> => {
        const [key = '', n] = event.split(':');
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (seen.has(event)) return;
        seen.add(event);
        firsts.set(key, [...(firsts.get(key) ?? []), Number(n)]);
      };
      const highest = new Map<number, number>();
      const looking = setInterval(async () => {
        for (const { partition, committed: offset = 0 } of await log.lag(`${topic}.readers`, topic)) {
          if (offset < (highest.get(partition) ?? 0)) highest.set(partition, Number.NaN);
          else highest.set(partition, offset);
        }
      }, 50);
      const another = async (): Promise<TopicConsumer<string>> => {
        const through = await backend.openLog();
        opened.push(through);
        return consume(topic, { handle }, through);
      };
      const one = await another();
      for (let round = 0; round < ROUNDS; round++)
        await produce(topic, ...Array.from({ length: KEYS }, (_, key) => `k${key}:${round}`));
      const two = await another();
      await until(() => seen.size > 100);
      await one.close();
      const three = await another();
      await until(() => seen.size > 300);
      await two.close();
      await until(() => seen.size === KEYS * ROUNDS);
      await until(isDone(topic));
      clearInterval(looking);
      for (const [, order] of firsts) expect(order).toEqual(Array.from({ length: ROUNDS }, (_, n) => n));
      expect([...highest.values()]).not.toContain(Number.NaN);
      expect(three.state.failure).toBeUndefined();
    });

    test('a consumer that closes while its group is shared anew leaves nothing behind (tulios/kafkajs#1074)', async () => {
      const { topic } = await newTopics(4);
      await produce(topic, 'a:1');
      const count = (): number => process.getActiveResourcesInfo().length;
      const round = async (): Promise<void> => {
        const through = await backend.openLog();
        const pair = [1, 2].map(() => consume(topic, { handle: () => {} }, through));
        await pair[0]?.close();
        await through.close();
        await pair[1]?.close();
      };
      await round();
      const before = count();
      for (let n = 0; n < 5; n++) await round();
      await until(() => count() <= before + 2);
      expect(count()).toBeLessThanOrEqual(before + 2);
    });
  });
}
