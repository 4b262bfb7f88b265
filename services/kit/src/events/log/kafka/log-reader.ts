import { Admin, fetchV15 } from '@platformatic/kafka';
import type { KafkaBusOptions } from '../../../bus/kafka/address.ts';
import { closed } from '../../../bus/kafka/faults.ts';
import { clientOptions } from '../../../bus/kafka/kafka-client.ts';
import type { LogRecord, Position } from '../port.ts';
import { committedBatches } from './committed-batches.ts';

const FETCH_BYTES = 4 * 2 ** 20;
const PARTITION_BYTES = 2 ** 20;
const READ_COMMITTED = 1;
/** Each fetch says all that it wants: a broker remembers nothing between two of them. */
const NO_SESSION = { id: 0, epoch: -1 };

type FetchedPartition = fetchV15.FetchResponse['responses'][number]['partitions'][number];

/** Of one partition: what was found, and where to read on. */
export interface FetchedSlice {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly next: number;
}

/** Reads topics by place, on connections of its own: a fetch waits on the broker, and all behind it on its connection. */
export class LogReader {
  readonly #client: Admin;
  readonly #topics: readonly string[];
  #isStale = false;

  constructor(options: KafkaBusOptions, topics: readonly string[]) {
    this.#topics = topics;
    this.#client = new Admin(clientOptions(options));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** @param waitMs that a broker waits for something new */
  async fetch(positions: readonly Position[], waitMs: number): Promise<readonly FetchedSlice[]> {
    try {
      const { topics } = await this.#client.metadata({ topics: [...this.#topics], forceUpdate: this.#isStale });
      this.#isStale = false;
      const idOf = (topic: string): string => topics.get(topic)?.id ?? '';
      const byNode = Map.groupBy(
        positions,
        ({ topic, partition }) => topics.get(topic)?.partitions[partition]?.leader ?? -1,
      );
      const slices = await Promise.all([...byNode].map(([node, some]) => this.#ask(node, some, idOf, waitMs)));
      return slices.flat();
    } catch (error) {
      // Partitions may have other leaders now.
      this.#isStale = true;
      throw error;
    }
  }

  async #ask(
    node: number,
    some: readonly Position[],
    idOf: (topic: string) => string,
    waitMs: number,
  ): Promise<readonly FetchedSlice[]> {
    const connection = (await this.#client.connectToBrokers([node])).get(node);
    if (connection === undefined) throw closed();
    const wanted = [...Map.groupBy(some, ({ topic }) => topic)].map(([topic, positions]) => ({
      topicId: idOf(topic),
      partitions: positions.map(({ partition, offset }) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: -1,
        partitionMaxBytes: PARTITION_BYTES,
      })),
    }));
    const { id, epoch } = NO_SESSION;
    const { responses } = await fetchV15.api.async(
      connection,
      waitMs,
      1,
      FETCH_BYTES,
      READ_COMMITTED,
      id,
      epoch,
      wanted,
      [],
      '',
    );
    return responses.flatMap(({ topicId, partitions }) =>
      partitions.flatMap((found) => {
        const position = some.find(
          ({ topic, partition }) => idOf(topic) === topicId && partition === found.partitionIndex,
        );
        return position === undefined ? [] : [sliceOf(position, found)];
      }),
    );
  }
}

function sliceOf({ topic, partition, offset: from }: Position, found: FetchedPartition): FetchedSlice {
  const batches = found.records ?? [];
  const records: LogRecord[] = [];
  const last = batches.at(-1);
  const next = last === undefined ? from : Math.max(from, Number(last.firstOffset) + last.lastOffsetDelta + 1);
  for (const batch of committedBatches(batches, found.abortedTransactions ?? [])) {
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = Number(batch.firstOffset) + offsetDelta;
      // A broker gives whole batches, of which the beginning may have been read.
      if (offset < from) continue;
      records.push({
        topic,
        partition,
        offset,
        key: key?.toString(),
        value: value === null ? null : new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
        headers: headers.map(([name, bytes]) => [name?.toString() ?? '', bytes ?? new Uint8Array()]),
        timestamp: Number(batch.firstTimestamp + timestampDelta),
      });
    }
  }
  return { topic, partition, records, next };
}
