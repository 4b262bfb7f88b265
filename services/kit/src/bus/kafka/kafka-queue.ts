import type { QueueProfile } from '@penstock/model';
import { partitionOf } from '../../events/log/partitioner.ts';
import { checkSize } from '../item-size.ts';
import type {
  ConsumeOptions,
  Consumption,
  DeadLetter,
  Lease,
  OutgoingItem,
  PublishReceipt,
  Queue,
  QueueDepth,
} from '../port.ts';
import { countDeadLetters, readDeadLetters } from './dead-letters.ts';
import { closed } from './faults.ts';
import { encodeItem, idOf, sizeOf } from './item-record.ts';
import type { KafkaClient } from './kafka-client.ts';
import { type ConsumptionOwner, KafkaConsumption } from './kafka-consumption.ts';
import { namesOf } from './names.ts';
import { PartitionWindow } from './partition-window.ts';
import type { ProduceLane } from './produce-lane.ts';
import { QueueWorker } from './queue-worker.ts';
import { steadyNow } from './steady-clock.ts';

/** One topic and its group, bound by their profile. All who take from it in this process share one place in the group. */
export class KafkaQueue implements Queue {
  readonly profile: QueueProfile;
  readonly #client: KafkaClient;
  readonly #lane: ProduceLane;
  readonly #partitions: number;
  readonly #names;
  #worker: QueueWorker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(client: KafkaClient, lane: ProduceLane, profile: QueueProfile, partitions: number) {
    this.#client = client;
    this.#lane = lane;
    this.profile = profile;
    this.#partitions = partitions;
    this.#names = namesOf(profile);
  }

  /** @returns never a duplicate: the log keeps no keys, and a second publish of a key is a second item */
  async publish(item: OutgoingItem): Promise<PublishReceipt> {
    const record = encodeItem(item);
    checkSize(this.profile, item.idempotencyKey, sizeOf(record));
    const partition = partitionOf(item.idempotencyKey, this.#partitions);
    const [place] = await this.#lane.send([{ topic: this.#names.topic, partition, ...record }]);
    return { id: idOf({ partition, offset: place?.offset ?? -1 }), duplicate: false };
  }

  consume({ prefetch }: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    if (this.#isClosed) throw closed();
    const owner: ConsumptionOwner = {
      stopped: async (consumption) => {
        await this.#ended;
        await this.#worker?.stopped(consumption);
      },
      changed: () => this.#worker?.changed(),
    };
    const consumption = new KafkaConsumption(owner, prefetch, onLease);
    void this.#join(consumption);
    return consumption;
  }

  async depth(): Promise<QueueDepth> {
    const { topic, group, deadLetterTopic } = this.#names;
    const partitions = Array.from({ length: this.#partitions }, (_, partition) => partition);
    const [committed, first, last, deadLettered] = await Promise.all([
      this.#client.committed(group, topic, partitions),
      this.#client.earliest(topic, partitions),
      this.#client.latest(topic, partitions),
      countDeadLetters(this.#client, deadLetterTopic),
    ]);
    const depth = { ready: 0, delayed: 0, leased: 0, deadLettered };
    const now = steadyNow();
    for (const [partition, { offset, metadata }] of committed.entries()) {
      const base = Math.max(offset, first[partition] ?? 0);
      const window = PartitionWindow.parse(Math.max(offset, 0), metadata, now);
      window.skipTo(base);
      const { done, leased, delayed } = window.count(now);
      depth.leased += leased;
      depth.delayed += delayed;
      depth.ready += Math.max(0, (last[partition] ?? 0) - window.base - done - leased - delayed);
    }
    return depth;
  }

  deadLetters({ limit }: { readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return readDeadLetters(this.#client, this.#names.deadLetterTopic, limit ?? 100);
  }

  /** @internal */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#ended;
    await this.#worker?.end();
  }

  /** A place in the group that is being given up is waited for: the next one gets its partitions at once. */
  async #join(consumption: KafkaConsumption): Promise<void> {
    await this.#ended;
    if (this.#isClosed) return;
    this.#worker ??= this.#newWorker();
    this.#worker.add(consumption);
  }

  #newWorker(): QueueWorker {
    const { profile } = this;
    const context = { client: this.#client, lane: this.#lane, names: this.#names, profile };
    const worker: QueueWorker = new QueueWorker(context, () => {
      this.#worker = undefined;
      this.#ended = Promise.resolve().then(() => worker.end());
    });
    return worker;
  }
}
