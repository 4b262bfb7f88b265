import { describe, expect, jest, test } from '@jest/globals';
import type { Log, LogAdmin, LogConsumer, Transactions } from '@penstock/kit/events';
import { bytes, type LogBackend, openForEach, take, textOf, until } from './suite.ts';

jest.setTimeout(60_000);

const SESSION_MS = 2_000;

/** Read, process, write, whatever log is behind it. */
export function describeTransactions(name: string, start: () => Promise<LogBackend>): void {
  describe(`transactions on ${name}`, () => {
    let backend: LogBackend;
    let admin: LogAdmin;
    let log: Log;
    let topics = 0;
    const opened = openForEach(start, (open) => {
      ({ backend, admin, log } = open);
    });

    const newPair = async () => {
      topics += 1;
      const [from, to] = [`from-${topics}`, `to-${topics}`] as const;
      await admin.provision({ name: from, partitions: 1 });
      await admin.provision({ name: to, partitions: 2 });
      return { from, to, id: `writer-${topics}` };
    };
    const join = async (topic: string, through = log): Promise<LogConsumer> => {
      const consumer = await through.join({
        group: `${topic}.readers`,
        topics: [topic],
        startAt: 'earliest',
        sessionMs: SESSION_MS,
      });
      opened.push(consumer);
      return consumer;
    };
    const transact = async (id: string, through = log): Promise<Transactions> => {
      const transactions = await through.transact(id);
      opened.push(transactions);
      return transactions;
    };
    const produce = (topic: string, ...texts: readonly string[]) =>
      log.produce(texts.map((text) => ({ topic, key: text, value: bytes(text) })));
    const textsOf = async (topic: string): Promise<readonly (string | undefined)[]> => {
      const slices = await Promise.all([0, 1].map((partition) => log.read(topic, partition, 0, { waitMs: 200 })));
      return slices.flatMap(({ records }) => records.map(textOf)).toSorted();
    };
    const committed = async (topic: string) => (await log.lag(`${topic}.readers`, topic))[0]?.committed;
    const record = (topic: string, text: string) => ({ topic, key: text, value: bytes(text) });

    test('what was read is done when what came of it is written', async () => {
      const { from, to, id } = await newPair();
      await produce(from, 'a', 'b');
      const consumer = await join(from);
      await take(consumer, 2);
      const transactions = await transact(id);
      const held = consumer.assigned[0] as never;
      const places = await transactions.exchange({
        records: ['A', 'B', 'C'].map((text) => record(to, text)),
        done: [{ consumer, from: held, offset: 2 }],
      });
      expect(await textsOf(to)).toEqual(['A', 'B', 'C']);
      expect(await committed(from)).toBe(2);
      for (const { topic, partition, offset } of places)
        expect((await log.read(topic, partition, offset, { limit: 1, waitMs: 200 })).records[0]?.offset).toBe(offset);
    });

    test('many transactions follow each other, each of them whole', async () => {
      const { from, to, id } = await newPair();
      await produce(from, ...Array.from({ length: 30 }, (_, n) => `${n}`));
      const consumer = await join(from);
      await take(consumer, 30);
      const transactions = await transact(id);
      for (let n = 1; n <= 30; n++)
        await transactions.exchange({
          records: [record(to, `${n}`)],
          done: [{ consumer, from: consumer.assigned[0] as never, offset: n }],
        });
      expect(await textsOf(to)).toHaveLength(30);
      expect(await committed(from)).toBe(30);
    });

    test('whoever begins under an id fences off the one before, whose records nobody sees', async () => {
      const { from, to, id } = await newPair();
      await produce(from, 'a');
      const consumer = await join(from);
      await take(consumer, 1);
      const zombie = await transact(id);
      const other = await backend.openLog();
      opened.push(other);
      const successor = await transact(id, other);
      await expect(
        zombie.exchange({
          records: [record(to, 'Z')],
          done: [{ consumer, from: consumer.assigned[0] as never, offset: 1 }],
        }),
      ).rejects.toMatchObject({ code: 'producer-fenced' });
      await successor.exchange({ records: [record(to, 'S')], done: [] });
      await expect(zombie.exchange({ records: [record(to, 'Z')], done: [] })).rejects.toMatchObject({
        code: 'producer-fenced',
      });
      expect(await textsOf(to)).toEqual(['S']);
      expect(await committed(from)).not.toBe(1);
    });

    test('a member that has lost its partition writes nothing, and can write again for another (redpanda-data/connect#433)', async () => {
      const { from, to, id } = await newPair();
      await produce(from, 'a');
      const zombie = await join(from);
      await take(zombie, 1);
      const held = zombie.assigned[0] as never;
      const transactions = await transact(id);
      await zombie.close();
      const consumer = await join(from);
      await take(consumer, 1);
      await expect(
        transactions.exchange({ records: [record(to, 'Z')], done: [{ consumer: zombie, from: held, offset: 1 }] }),
      ).rejects.toMatchObject({ code: 'partition-lost' });
      await transactions.exchange({
        records: [record(to, 'S')],
        done: [{ consumer, from: consumer.assigned[0] as never, offset: 1 }],
      });
      expect(await textsOf(to)).toEqual(['S']);
      expect(await committed(from)).toBe(1);
    });

    test('a transaction without records says what is done, and one without positions writes', async () => {
      const { from, to, id } = await newPair();
      await produce(from, 'a');
      const consumer = await join(from);
      await until(() => consumer.assigned.length === 1);
      const transactions = await transact(id);
      await transactions.exchange({
        records: [],
        done: [{ consumer, from: consumer.assigned[0] as never, offset: 1 }],
      });
      await transactions.exchange({ records: [record(to, 'A')], done: [] });
      expect(await committed(from)).toBe(1);
      expect(await textsOf(to)).toEqual(['A']);
    });
  });
}
