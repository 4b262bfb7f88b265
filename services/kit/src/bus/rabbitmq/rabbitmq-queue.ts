import type { QueueProfile } from '@penstock/model';
import type { Channel } from 'rabbitmq-client';
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
import type { Census } from './census.ts';
import type { Link } from './connection.ts';
import { readDeadLetters } from './dead-letters.ts';
import { closed } from './faults.ts';
import { itemOf, sizeOf } from './item-message.ts';
import { ItemStore } from './item-store.ts';
import type { RabbitmqNames } from './names.ts';
import type { PublishLane } from './publish-lane.ts';
import { RabbitmqConsumption } from './rabbitmq-consumption.ts';

export interface QueueLinks {
  /** A server that is short of memory stops reading from whoever publishes: settlements go another way. */
  readonly taking: Link;
  readonly publishing: PublishLane;
  readonly census: Census;
}

/** A quorum queue and those beside it, bound by their profile. */
export class RabbitmqQueue implements Queue {
  readonly profile: QueueProfile;
  readonly #links: QueueLinks;
  readonly #names: RabbitmqNames;
  readonly #store: ItemStore;
  readonly #consumptions = new Set<RabbitmqConsumption>();

  constructor(links: QueueLinks, names: RabbitmqNames, profile: QueueProfile) {
    this.#links = links;
    this.#names = names;
    this.profile = profile;
    this.#store = new ItemStore(links.publishing, names, profile);
  }

  /** @returns never a duplicate: the server keeps no keys, and a second publish of a key is a second item */
  async publish(outgoing: OutgoingItem): Promise<PublishReceipt> {
    const item = itemOf(outgoing);
    checkSize(this.profile, outgoing.idempotencyKey, sizeOf(item));
    await this.#store.add(item);
    return { id: item.id, duplicate: false };
  }

  consume({ prefetch }: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    if (this.#links.taking.isClosed) throw closed();
    const consumption: RabbitmqConsumption = new RabbitmqConsumption(
      this.#links.taking,
      this.#names,
      this.#store,
      this.profile,
      { prefetch, onLease },
      () => this.#consumptions.delete(consumption),
    );
    this.#consumptions.add(consumption);
    return consumption;
  }

  async depth(): Promise<QueueDepth> {
    const { items, delays, dead } = this.#names;
    const [own, dying, ...waiting] = await this.#links.taking.ask(`queue ${items}`, async (channel) => {
      const queues = [items, dead, ...delays.map(({ queue }) => queue)];
      const look = () => Promise.all(queues.map((queue) => countsOf(channel, queue)));
      const counts = await look();
      // A queue without a leader says that it has neither items nor consumers.
      const isDoubtful = counts[0]?.messages === 0 && counts[0].consumers === 0;
      return isDoubtful ? lookAtLeader(channel, items, look) : counts;
    });
    const leased = await this.#links.census.take(this.#names, own?.consumers ?? 0);
    const delayed = waiting.reduce((sum, { messages }) => sum + messages, 0);
    return { ready: own?.messages ?? 0, delayed, leased, deadLettered: dying?.messages ?? 0 };
  }

  deadLetters({ limit }: { readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return readDeadLetters(this.#links.taking, this.#names.dead, limit ?? 100);
  }

  /** @internal */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#consumptions, (consumption) => consumption.stop()));
  }

  /** @internal The connection is gone. */
  abandon(): void {
    for (const consumption of this.#consumptions) consumption.abandon();
  }
}

interface Counts {
  readonly messages: number;
  readonly consumers: number;
}

/**
 * Looks once the queue has a leader, who alone answers to a request for an item. An item that is found is held while it is
 * counted, since the count leaves it out and would go on to for a moment after it was put back. Putting it back counts as
 * one of its losses: it is found where the count was wrong, or where it came in between.
 */
async function lookAtLeader(
  channel: Channel,
  queue: string,
  look: () => Promise<readonly Counts[]>,
): Promise<readonly Counts[]> {
  const found = await channel.basicGet(queue);
  try {
    const [own, ...others] = await look();
    const held = found === undefined ? 0 : 1;
    return own === undefined ? [] : [{ ...own, messages: own.messages + held }, ...others];
  } finally {
    if (found !== undefined) channel.basicNack({ deliveryTag: found.deliveryTag, requeue: true });
  }
}

/** Without what is out with consumers. */
async function countsOf(channel: Channel, queue: string): Promise<Counts> {
  const { messageCount, consumerCount } = await channel.queueDeclare({ queue, passive: true });
  return { messages: messageCount, consumers: consumerCount };
}
