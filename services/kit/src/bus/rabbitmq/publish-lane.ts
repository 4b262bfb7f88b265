import type { Channel } from 'rabbitmq-client';
import { KitError } from '../../errors.ts';
import { ANSWER_MS, type Link } from './connection.ts';
import { closed, faultOf, missing } from './faults.ts';
import type { OutgoingMessage } from './item-message.ts';
import { OpenQuestions } from './open-questions.ts';

/** Under way at most: beyond it a publisher is refused instead of filling the memory. */
const MOST_UNDER_WAY = 100_000;

/** Publishes that the server confirms: it has written them as durably as their queue does, or says that it has not. */
export class PublishLane {
  readonly #link: Link;
  readonly #questions: OpenQuestions;
  readonly #returned = new Set<string>();
  #channel: Promise<Channel> | undefined;
  #last = 0;

  constructor(link: Link) {
    this.#link = link;
    this.#questions = new OpenQuestions(ANSWER_MS, () => {
      // Whoever publishes is to hear of it, and not to wait.
      if (link.isBlocked) this.#questions.refuseAll(() => blocked('the server'));
      return link.isBlocked;
    });
  }

  /** @throws {KitError} `queue-missing`, `storage-full`, `bus-refused`, `bus-unreachable`, `bus-closed` */
  async send(queue: string, message: OutgoingMessage): Promise<void> {
    if (this.#link.isClosed) throw closed();
    if (this.#link.isBlocked) throw blocked(queue);
    if (this.#questions.size >= MOST_UNDER_WAY) throw tooMany(queue);
    try {
      await this.#questions.wait(this.#send(queue, message), unconfirmed);
    } catch (error) {
      throw this.#link.isClosed ? closed() : faultOf(error, `queue ${queue}`);
    }
  }

  end(): void {
    this.#questions.end();
  }

  async #send(queue: string, { envelope, body }: OutgoingMessage): Promise<void> {
    const channel = await this.#confirming();
    const correlationId = (++this.#last).toString(36);
    await channel.basicPublish({ ...envelope, routingKey: queue, mandatory: true, correlationId }, body);
    // What no queue took is confirmed too. The client tells of the return, which came first, a turn later.
    await new Promise(setImmediate);
    if (this.#returned.delete(correlationId)) throw missing(`queue ${queue}`);
  }

  /** One for all publishes; another one when it was closed. */
  async #confirming(): Promise<Channel> {
    for (;;) {
      this.#channel ??= this.#open();
      const opening = this.#channel;
      const channel = await opening.catch((error: unknown) => {
        this.#forget(opening);
        throw error;
      });
      if (channel.active) return channel;
      this.#forget(opening);
    }
  }

  #forget(channel: Promise<Channel>): void {
    if (this.#channel === channel) this.#channel = undefined;
  }

  async #open(): Promise<Channel> {
    const channel = await this.#link.channel();
    channel.on('basic.return', ({ correlationId }) => {
      if (correlationId !== undefined) this.#returned.add(correlationId);
    });
    await channel.confirmSelect();
    return channel;
  }
}

const unconfirmed = (): KitError =>
  new KitError('bus-unreachable', `nobody confirmed within ${ANSWER_MS} ms`, {
    repair: 'publish it again under the same key: whether it is there is unknown',
  });

const blocked = (what: string): KitError =>
  new KitError('storage-full', `${what}: the memory or the disk of the server is at its limit`, {
    repair: 'let the workers catch up, or give the server more',
  });

const tooMany = (queue: string): KitError =>
  new KitError('storage-full', `queue ${queue}: ${MOST_UNDER_WAY} publishes are not confirmed yet`, {
    repair: 'publish more slowly',
  });
