import type { Channel } from 'rabbitmq-client';
import type { Link } from './connection.ts';
import type { RabbitmqNames } from './names.ts';

const REPLY_TO = 'amq.rabbitmq.reply-to';
/** A process that stands still does not answer; what it holds is missing from the sum. */
const LONGEST_WAIT_MS = 1_000;

interface Answer {
  readonly held: number;
  readonly isTaking: boolean;
}

/**
 * Answers on the channel that brings the items: whatever the server had sent before it was asked has arrived by then, so
 * no item is in nobody's count.
 */
export async function answerCensus(channel: Channel, { census }: RabbitmqNames, count: () => Answer): Promise<void> {
  const { queue } = await channel.queueDeclare({ queue: '', exclusive: true, autoDelete: true });
  await channel.queueBind({ exchange: census, queue });
  await channel.basicConsume({ queue, noAck: true }, ({ replyTo, correlationId }) => {
    if (replyTo === undefined || correlationId === undefined || !channel.active) return;
    channel.basicPublish({ routingKey: replyTo, correlationId }, Buffer.from(JSON.stringify(count()))).catch(() => {});
  });
}

/** Asks all who take from a queue how many items they hold: the protocol does not say it. */
export class Census {
  readonly #link: Link;
  readonly #open = new Map<string, (answer: Answer) => void>();
  #asking: Channel | undefined;
  #last = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  /** @param takers who are known to take from it */
  take({ census }: RabbitmqNames, takers: number): Promise<number> {
    if (takers === 0) return Promise.resolve(0);
    return this.#link.ask(`exchange ${census}`, async (channel) => {
      await this.#listen(channel);
      const correlationId = (++this.#last).toString(36);
      const answered = Promise.withResolvers<void>();
      let held = 0;
      let heard = 0;
      this.#open.set(correlationId, (answer) => {
        held += answer.held;
        if (answer.isTaking) heard++;
        if (heard >= takers) answered.resolve();
      });
      const timer = setTimeout(answered.resolve, LONGEST_WAIT_MS);
      await channel.basicPublish({ exchange: census, replyTo: REPLY_TO, correlationId }, Buffer.alloc(0));
      await answered.promise;
      clearTimeout(timer);
      this.#open.delete(correlationId);
      return held;
    });
  }

  async #listen(channel: Channel): Promise<void> {
    if (this.#asking === channel) return;
    await channel.basicConsume({ queue: REPLY_TO, noAck: true }, ({ correlationId, body }) => {
      this.#open.get(correlationId ?? '')?.(JSON.parse(String(body)) as Answer);
    });
    this.#asking = channel;
  }
}
