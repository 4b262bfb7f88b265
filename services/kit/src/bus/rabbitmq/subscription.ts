import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { answerCensus } from './census.ts';
import { closeChannel, type Link } from './connection.ts';
import { faultOf } from './faults.ts';
import type { RabbitmqNames } from './names.ts';

export interface Taker {
  readonly prefetch: number;
  /** Leases that are out. */
  readonly held: number;
  receive(subscription: Subscription, message: AsyncMessage): void;
}

/** One channel that brings items, from its opening to its end: a delivery can be settled on the channel it came by alone. */
export class Subscription {
  /** Resolves when the channel is gone, or the server brings nothing more. */
  readonly ended: Promise<void>;
  readonly #link: Link;
  readonly #channel: Channel;
  readonly #taker: Taker;
  readonly #end = Promise.withResolvers<void>();
  #consumer: string | undefined;
  /** The next round trip, for all that is settled until it goes out. */
  #next: Promise<void> | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(link: Link, channel: Channel, taker: Taker) {
    this.#link = link;
    this.#channel = channel;
    this.#taker = taker;
    this.ended = this.#end.promise;
    channel.once('close', () => this.#end.resolve());
    // The queue was deleted, or its node is gone.
    channel.on('basic.cancel', () => this.#end.resolve());
  }

  /** @throws {KitError} `queue-missing`, `bus-refused`, `bus-unreachable`, `bus-closed` */
  static async open(link: Link, names: RabbitmqNames, taker: Taker): Promise<Subscription> {
    const channel = await link.channel();
    const subscription = new Subscription(link, channel, taker);
    try {
      await link.within(`queue ${names.items}`, subscription.#begin(names));
      return subscription;
    } catch (error) {
      await closeChannel(link, channel);
      throw faultOf(error, `queue ${names.items}`);
    }
  }

  get isOpen(): boolean {
    return this.#channel.active;
  }

  /** Resolves when the server has read it. That it has also written it, no server confirms. */
  ack(deliveryTag: number): Promise<void> {
    if (this.isOpen) this.#channel.basicAck({ deliveryTag });
    return this.reach();
  }

  /** Resolves when the server has read all that was sent before. */
  reach(): Promise<void> {
    this.#next ??= this.#underWay.then(() => {
      this.#next = undefined;
      // Any question would do. This one changes nothing: a prefetch counts for consumers that begin later.
      const asked = this.#channel.basicQos({ prefetchCount: this.#taker.prefetch });
      const answered = this.#link.within('a channel that brings items', asked);
      this.#underWay = answered.catch(() => {});
      return answered;
    });
    return this.#next;
  }

  /** Brings nothing more. Resolves when what was on its way is there. */
  async cancel(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined || !this.isOpen) return;
    await this.#link.within('the end of a consumer', this.#channel.basicCancel(consumer)).catch(() => {});
    // The client hands a message over one turn after it was read.
    await new Promise(setImmediate);
  }

  close(): Promise<void> {
    this.#closing ??= this.reach()
      .catch(() => {})
      .then(() => closeChannel(this.#link, this.#channel));
    return this.#closing;
  }

  async #begin(names: RabbitmqNames): Promise<void> {
    await this.#channel.basicQos({ prefetchCount: this.#taker.prefetch });
    // Who takes nothing more counts with the server for as long as something is out.
    await answerCensus(this.#channel, names, () => ({
      held: this.#taker.held,
      isTaking: this.#consumer !== undefined || this.#taker.held > 0,
    }));
    const { consumerTag } = await this.#channel.basicConsume({ queue: names.items }, (message) =>
      this.#taker.receive(this, message),
    );
    this.#consumer = consumerTag;
  }
}
