import type { QueueProfile } from '@penstock/model';
import type { Bus, Guarantees, Queue } from '../port.ts';
import type { KafkaBusOptions } from './address.ts';
import { closed, faultOf } from './faults.ts';
import { KAFKA_GUARANTEES } from './guarantees.ts';
import { KafkaClient } from './kafka-client.ts';
import { KafkaQueue } from './kafka-queue.ts';
import { ProduceLane } from './produce-lane.ts';
import { checkProvisioned } from './provisioned.ts';

export { type KafkaBusOptions, kafkaOptionsOf } from './address.ts';
export { openKafkaBusAdmin } from './kafka-bus-admin.ts';

/**
 * Queues on Kafka, brokers 3.5 or newer.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const client = new KafkaClient(options);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return new KafkaBus(client);
}

class KafkaBus implements Bus {
  readonly guarantees: Guarantees = KAFKA_GUARANTEES;
  readonly #client: KafkaClient;
  readonly #lane: ProduceLane;
  readonly #queues: KafkaQueue[] = [];
  #closing: Promise<void> | undefined;

  constructor(client: KafkaClient) {
    this.#client = client;
    this.#lane = new ProduceLane(client.options, {
      faultOf: (error, topic) => faultOf(error, `topic ${topic}`),
      closed,
    });
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    if (this.#closing !== undefined) throw closed();
    const partitions = await checkProvisioned(this.#client, profile);
    const queue = new KafkaQueue(this.#client, this.#lane, profile, partitions);
    this.#queues.push(queue);
    return queue;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.close()));
    await this.#lane.close();
    await this.#client.close();
  }
}
