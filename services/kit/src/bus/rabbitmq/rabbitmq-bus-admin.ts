import type { QueueProfile } from '@penstock/model';
import type { BusAdmin } from '../port.ts';
import type { RabbitmqBusOptions } from './address.ts';
import { Link } from './connection.ts';
import { namesOf } from './names.ts';
import { PublishLane } from './publish-lane.ts';

/** The driver counts attempts itself; from version 4 on a server would drop an item after 20 losses. */
const NEVER = 1_000_000_000;
const QUORUM = { 'x-queue-type': 'quorum', 'x-delivery-limit': NEVER } as const;

/** A publish is refused when the queue is full, and what expires is stored with the dead before it leaves. */
const handingOnTo = (queue: string) => ({
  ...QUORUM,
  'x-overflow': 'reject-publish',
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': queue,
  'x-dead-letter-strategy': 'at-least-once',
});

/**
 * The infrastructure's part on RabbitMQ: quorum queues for items, the dead and each wait before a retry, an exchange for
 * the census, and a note of the profile. None of their settings depends on a number of the profile, which can change.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openRabbitmqBusAdmin(options: RabbitmqBusOptions): Promise<BusAdmin> {
  return new RabbitmqBusAdmin(await Link.open(options));
}

class RabbitmqBusAdmin implements BusAdmin {
  readonly #link: Link;
  readonly #lane: PublishLane;

  constructor(link: Link) {
    this.#link = link;
    this.#lane = new PublishLane(link);
  }

  /** @throws {KitError} `queue-mismatch` where one of them has other settings, `bus-refused`, `bus-unreachable` */
  async provision(profile: QueueProfile): Promise<void> {
    const { items, dead, delays, census, profile: note } = namesOf(profile);
    const declare = (queue: string, settings: Readonly<Record<string, string | number>>) =>
      this.#link.ask(`queue ${queue}`, (channel) =>
        channel.queueDeclare({ queue, durable: true, arguments: settings }),
      );
    await this.#link.ask(`exchange ${census}`, (channel) =>
      channel.exchangeDeclare({ exchange: census, type: 'fanout', durable: true }),
    );
    await declare(dead, QUORUM);
    await declare(items, handingOnTo(dead));
    for (const { queue } of delays) await declare(queue, handingOnTo(items));
    await declare(note, { ...QUORUM, 'x-max-length': 1, 'x-overflow': 'drop-head' });
    // The note last: whoever finds it finds the rest.
    await this.#lane.send(note, { envelope: { durable: true }, body: Buffer.from(JSON.stringify(profile)) });
  }

  async close(): Promise<void> {
    this.#lane.end();
    await this.#link.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
