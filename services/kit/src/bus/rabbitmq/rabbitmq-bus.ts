import type { QueueProfile } from '@penstock/model';
import type { Bus, Guarantees, Queue } from '../port.ts';
import type { RabbitmqBusOptions } from './address.ts';
import { Census } from './census.ts';
import { Link } from './connection.ts';
import { closed } from './faults.ts';
import { RABBITMQ_GUARANTEES } from './guarantees.ts';
import { namesOf } from './names.ts';
import { checkProvisioned } from './provisioned.ts';
import { PublishLane } from './publish-lane.ts';
import { RabbitmqQueue } from './rabbitmq-queue.ts';

export { type RabbitmqBusOptions, rabbitmqOptionsOf } from './address.ts';
export { openRabbitmqBusAdmin } from './rabbitmq-bus-admin.ts';

/**
 * Queues on RabbitMQ, server 3.10 or newer.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openRabbitmqBus(options: RabbitmqBusOptions): Promise<Bus> {
  const taking = await Link.open(options);
  try {
    return new RabbitmqBus(taking, await Link.open(options));
  } catch (error) {
    await taking.close();
    throw error;
  }
}

class RabbitmqBus implements Bus {
  readonly guarantees: Guarantees = RABBITMQ_GUARANTEES;
  readonly #taking: Link;
  readonly #publishing: Link;
  readonly #lane: PublishLane;
  readonly #census: Census;
  readonly #queues: RabbitmqQueue[] = [];
  #closing: Promise<void> | undefined;

  constructor(taking: Link, publishing: Link) {
    this.#taking = taking;
    this.#publishing = publishing;
    this.#lane = new PublishLane(publishing);
    this.#census = new Census(taking);
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    if (this.#closing !== undefined) throw closed();
    const names = namesOf(profile);
    await checkProvisioned(this.#taking, names, profile);
    const links = { taking: this.#taking, publishing: this.#lane, census: this.#census };
    const queue = new RabbitmqQueue(links, names, profile);
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
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    this.#lane.end();
    await Promise.all([this.#taking.close(), this.#publishing.close()]);
    for (const queue of this.#queues) queue.abandon();
  }
}
