import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import type { AttemptJournal } from './attempt-journal.ts';
import { noteSubjectOf } from './stream-config.ts';

/** The name of its note beside those of items, which are numbers. */
const NAME = 'epoch';
/** More deliveries in a millisecond than any server makes: what one epoch hands out ends before the next begins. */
const TOKENS_PER_MS = 1_000;

interface Epoch {
  /** Milliseconds since the epoch of Unix, never less than the one before. */
  readonly at: number;
  /** Deliveries the consumer had made by then. */
  readonly from: number;
}

/**
 * Makes fencing tokens grow across a crash of the server. The delivery sequence of a consumer is written to its disk
 * with a delay: a server that was killed counts some deliveries a second time, and an effect store would refuse the
 * second holder of an item as if it were a late first one. So every connection begins an epoch before it takes items,
 * and a token is the time of the epoch with the deliveries since then. All consumers of a queue hear of an epoch by a
 * message that the server sends them ahead of anything delivered after it.
 */
export class FencingEpoch {
  /** Where others tell of theirs. */
  readonly subject: string;
  readonly #journal: AttemptJournal;
  readonly #subscription: Subscription;
  #current: Epoch = { at: 0, from: 0 };

  constructor(connection: NatsConnection, journal: AttemptJournal, profile: QueueProfile) {
    this.#journal = journal;
    this.subject = noteSubjectOf(profile, NAME);
    this.#subscription = connection.subscribe(this.subject, {
      callback: (error, message) => {
        if (error === null) this.#adopt(message.json<Epoch>());
      },
    });
  }

  /** @throws {KitError} `bus-unreachable`, `queue-missing`, `storage-full`, `storage-failed` */
  async begin(delivered: number): Promise<void> {
    this.#adopt(await this.#journal.read(NAME, this.#current));
    const next: Epoch = { at: Math.max(Date.now(), this.#current.at + 1), from: delivered };
    await this.#journal.write(NAME, next);
    this.#adopt(next);
  }

  tokenOf(consumerSequence: number): number {
    return this.#current.at * TOKENS_PER_MS + consumerSequence - this.#current.from;
  }

  end(): void {
    this.#subscription.unsubscribe();
  }

  #adopt(epoch: Epoch): void {
    if (epoch.at > this.#current.at) this.#current = epoch;
  }
}
