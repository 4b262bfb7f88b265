import { Consumer } from '@platformatic/kafka';
import type { KafkaBusOptions } from '../../../bus/kafka/address.ts';
import { clientOptions } from '../../../bus/kafka/kafka-client.ts';
import type { LogRecord, Position } from '../port.ts';

const FETCH_BYTES = 4 * 2 ** 20;
const PARTITION_BYTES = 2 ** 20;
/** A batch that the brokers wrote to mark the end of a transaction. */
const IS_CONTROL = 0b10_0000;

/** Of one partition: what was found, and where to read on. */
export interface FetchedSlice {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly next: number;
}

/**
 * Reads topics by place, on connections of its own: a fetch waits on the broker, and all behind it. One fetch at a time:
 * a broker remembers between two of them what was asked for.
 */
export class LogReader {
  readonly #consumer: Consumer;
  readonly #topics: readonly string[];

  constructor(options: KafkaBusOptions, group: string, topics: readonly string[]) {
    this.#topics = topics;
    this.#consumer = new Consumer({ ...clientOptions(options), groupId: `${group}.reader` });
    for (const topic of topics) this.#consumer.topics.track(topic);
  }

  close(): Promise<void> {
    return this.#consumer.close(true);
  }

  /** @param waitMs that a broker waits for something new */
  async fetch(positions: readonly Position[], waitMs: number): Promise<readonly FetchedSlice[]> {
    const { topics } = await this.#consumer.metadata({ topics: [...this.#topics] });
    const byNode = Map.groupBy(
      positions,
      ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
    );
    const names = new Map(this.#topics.map((topic) => [topics.get(topic)?.id ?? '', topic]));
    const slices = await Promise.all(
      [...byNode].map(async ([node, some]) => {
        const answer = await this.#consumer.fetch({
          node,
          topics: [...Map.groupBy(some, ({ topic }) => topic)].map(([topic, wanted]) => ({
            topicId: topics.get(topic)?.id ?? '',
            partitions: wanted.map(({ partition, offset }) => ({
              partition,
              currentLeaderEpoch: -1,
              fetchOffset: BigInt(offset),
              lastFetchedEpoch: -1,
              partitionMaxBytes: PARTITION_BYTES,
            })),
          })),
          maxWaitTime: waitMs,
          minBytes: 1,
          maxBytes: FETCH_BYTES,
        });
        return answer.responses.flatMap(({ topicId, partitions }) =>
          partitions.flatMap(({ partitionIndex, records }) => {
            const topic = names.get(topicId) ?? '';
            const from = some.find((wanted) => wanted.topic === topic && wanted.partition === partitionIndex)?.offset;
            return from === undefined || records == null ? [] : [sliceOf(topic, partitionIndex, from, records)];
          }),
        );
      }),
    );
    return slices.flat();
  }
}

type Batches = NonNullable<
  Awaited<ReturnType<Consumer['fetch']>>['responses'][number]['partitions'][number]['records']
>;

function sliceOf(topic: string, partition: number, from: number, batches: Batches): FetchedSlice {
  const records: LogRecord[] = [];
  let next = from;
  for (const { firstOffset, firstTimestamp, lastOffsetDelta, attributes, records: found } of batches) {
    next = Math.max(next, Number(firstOffset) + lastOffsetDelta + 1);
    if ((attributes & IS_CONTROL) !== 0) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of found) {
      const offset = Number(firstOffset) + offsetDelta;
      // A broker gives whole batches, of which the beginning may have been read.
      if (offset < from) continue;
      records.push({
        topic,
        partition,
        offset,
        key: key?.toString(),
        value: value === null ? null : new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
        headers: headers.map(([name, bytes]) => [name?.toString() ?? '', bytes ?? new Uint8Array()]),
        timestamp: Number(firstTimestamp + timestampDelta),
      });
    }
  }
  return { topic, partition, records, next };
}
