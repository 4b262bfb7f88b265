import { describe, expect, test } from '@jest/globals';
import { openLog, openLogAdmin } from '@penstock/kit/events';
import { addPartitionsToTxnV3, endTxnV3, initProducerIdV4, produceV9 } from '@platformatic/kafka';
import { KafkaClient } from '../../services/kit/src/bus/kafka/kafka-client.ts';
import { committedBatches } from '../../services/kit/src/events/log/kafka/committed-batches.ts';
import { TransactionLane } from '../../services/kit/src/events/log/kafka/transaction-lane.ts';
import { KafkaBroker, kafkaRequirement } from '../helpers/kafka-broker.ts';
import { describeWith } from '../helpers/requirement.ts';
import { bytes, type LogBackend, textOf } from './log/suite.ts';
import { describeTransactions } from './log/transaction-suite.ts';

/** A broker says so while it is not ready for an id, or its last transaction is still being ended. */
async function whenFree<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let looks = 0; ; looks++) {
    try {
      return await ask();
    } catch (error) {
      if (looks === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** As `kafka-features` sets it: the brokers take transactions of the first version alone. */
const FIRST_VERSION = ['--feature', 'transaction.version=1'];

describeWith(kafkaRequirement(), 'Kafka', () => {
  const startBy =
    (query: string, format: readonly string[] = []) =>
    async (): Promise<LogBackend> => {
      const broker = await KafkaBroker.start({ format });
      const url = `kafka://${broker.address}${query}`;
      return { openLog: () => openLog(url), openAdmin: () => openLogAdmin(url), close: () => broker.stop() };
    };
  describeTransactions('Kafka', startBy(''));
  describeTransactions('Kafka by the protocol of KIP-848', startBy('?groupProtocol=consumer'));
  describeTransactions('Kafka with transactions of the first version', startBy('', FIRST_VERSION));

  describe('what clients and brokers make of transactions', () => {
    test('the version is that of the brokers', async () => {
      for (const [format, version] of [
        [[], 2],
        [FIRST_VERSION, 1],
      ] as const) {
        const broker = await KafkaBroker.start({ format });
        const client = new KafkaClient({ brokers: [broker.address] });
        const lane = new TransactionLane(client, 'writer');
        await lane.begin();
        expect(lane.version).toBe(version);
        await lane.close();
        await client.close();
        await broker.stop();
      }
    }, 120_000);

    test('records of aborted transactions are not shown, however many of one producer lie between committed ones', async () => {
      const broker = await KafkaBroker.start();
      const url = `kafka://${broker.address}`;
      await using admin = await openLogAdmin(url);
      await admin.provision({ name: 'mixed', partitions: 1 });
      await using log = await openLog(url);
      // From then on the brokers know who coordinates.
      await (await log.transact('mixer')).close();
      const client = new KafkaClient({ brokers: [broker.address] });
      const [coordinator] = await client.admin.findCoordinator({ keyType: 1, keys: ['mixer'] });
      const [connection] = (await client.admin.connectToBrokers([coordinator?.nodeId ?? 1])).values();
      if (connection === undefined) throw new Error('no broker');
      for (const [text, isCommitted] of [
        ['aborted-1', false],
        ['committed-1', true],
        ['aborted-2', false],
        ['aborted-3', false],
        ['committed-2', true],
      ] as const) {
        const { producerId, producerEpoch } = await whenFree(() =>
          initProducerIdV4.api.async(connection, 'mixer', 10_000, -1n, -1),
        );
        const producer = { transactionalId: 'mixer', producerId, producerEpoch };
        const topics = [{ name: 'mixed', partitions: [0] }];
        await whenFree(() => addPartitionsToTxnV3.api.async(connection, [{ ...producer, verifyOnly: false, topics }]));
        await produceV9.api.async(
          connection,
          -1,
          10_000,
          [{ topic: 'mixed', partition: 0, value: Buffer.from(text) }],
          producer,
        );
        await endTxnV3.api.async(connection, 'mixer', producerId, producerEpoch, isCommitted);
      }
      const { records } = await log.read('mixed', 0, 0, { waitMs: 2_000 });
      expect(records.map(textOf)).toEqual(['committed-1', 'committed-2']);
      await client.close();
      await broker.stop();
    }, 90_000);

    test('a broker that dies in the middle of a transaction leaves all of it or nothing, and the caller knows which', async () => {
      const broker = await KafkaBroker.start();
      const url = `kafka://${broker.address}`;
      await using admin = await openLogAdmin(url);
      for (const name of ['from', 'to']) await admin.provision({ name, partitions: 1 });
      await using log = await openLog(url);
      const texts = Array.from({ length: 400 }, (_, n) => `${n}`);
      await log.produce(texts.map((text) => ({ topic: 'from', key: text, value: bytes(text) })));
      await using consumer = await log.join({ group: 'g', topics: ['from'], startAt: 'earliest', sessionMs: 30_000 });
      while (consumer.assigned.length === 0) await consumer.poll({ waitMs: 100 });
      const transactions = await log.transact('writer');
      let done = 0;
      let failures = 0;
      const killing = (async () => {
        for (let kill = 0; kill < 2; kill++) {
          const from = done;
          while (done < from + 40) await new Promise((resolve) => setTimeout(resolve, 5));
          await broker.kill();
          await broker.restart();
        }
      })();
      while (done < texts.length) {
        const from = consumer.assigned[0];
        if (from === undefined) {
          await consumer.poll({ waitMs: 100 });
          continue;
        }
        try {
          const records = [{ topic: 'to', key: `${done}`, value: bytes(`${done}`) }];
          await transactions.exchange({ records, done: [{ consumer, from, offset: done + 1 }] });
          done += 1;
        } catch {
          failures += 1;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      await killing;
      expect(failures).toBeGreaterThan(0);
      const { records } = await log.read('to', 0, 0, { limit: 1_000, waitMs: 2_000 });
      expect(records.map(textOf)).toEqual(texts);
      await transactions.close();
      await broker.stop();
    }, 180_000);
  });
});

describe('the batches that readers may see', () => {
  const batch = (firstOffset: bigint, attributes: number, producerId: bigint, type?: number) => {
    const key = Buffer.alloc(4);
    if (type !== undefined) key.writeInt16BE(type, 2);
    return { firstOffset, lastOffsetDelta: 0, attributes, producerId, records: [{ key }] };
  };
  test('a transaction that was aborted before the fetch begins is known by its first offset', () => {
    const batches = [
      batch(5n, 0b10000, 1n),
      batch(6n, 0b110000, 1n, 0),
      batch(7n, 0b10000, 1n),
      batch(8n, 0b110000, 1n, 1),
    ];
    const seen = committedBatches(batches, [{ producerId: 1n, firstOffset: 2n }]);
    expect(seen.map(({ firstOffset }) => firstOffset)).toEqual([7n]);
  });
  test('what was written outside of a transaction is seen whoever aborted one', () => {
    const seen = committedBatches([batch(5n, 0, 1n)], [{ producerId: 1n, firstOffset: 2n }]);
    expect(seen).toHaveLength(1);
  });
});
