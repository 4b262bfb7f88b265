import type { Msg } from '@nats-io/transport-node';

/** What the server says about one delivery, in the subject on which it wants the answer. */
export interface Delivery {
  readonly ackSubject: string;
  /** Place in the stream: the item's identity on it. */
  readonly streamSequence: string;
  /** Place among all deliveries of the consumer: grows with every one, but for a crash of the server. */
  readonly consumerSequence: number;
  /** Deliveries of this item so far, this one included. */
  readonly deliveries: number;
  readonly publishedAt: number;
  /** Sequence and time in one name: a stream that was made anew counts from 1 again. */
  readonly item: string;
}

/** `$JS.ACK.<stream>.<consumer>.` before 2.15, `$JS.ACK.<domain>.<account>.<stream>.<consumer>.` since. */
const PREFIX_TOKENS = 4;
const LONG_PREFIX_TOKENS = 6;
const NUMBERS = 5;

/** @returns undefined for a message that asks for no answer */
export function readDelivery({ reply }: Msg): Delivery | undefined {
  if (reply === undefined || !reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const start = tokens.length > PREFIX_TOKENS + NUMBERS ? LONG_PREFIX_TOKENS : PREFIX_TOKENS;
  const [deliveries, streamSequence, consumerSequence, nanoseconds] = tokens.slice(start);
  if (
    deliveries === undefined ||
    streamSequence === undefined ||
    consumerSequence === undefined ||
    nanoseconds === undefined
  ) {
    return undefined;
  }
  return {
    ackSubject: reply,
    streamSequence,
    consumerSequence: Number(consumerSequence),
    deliveries: Number(deliveries),
    publishedAt: Math.floor(Number(nanoseconds) / 1_000_000),
    item: `${streamSequence}-${nanoseconds}`,
  };
}
