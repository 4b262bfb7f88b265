import type { Channel } from 'rabbitmq-client';
import type { DeadLetter } from '../port.ts';
import { closeChannel, type Link } from './connection.ts';
import { faultOf } from './faults.ts';
import { letterOf } from './item-message.ts';

const LOOKS = 100;
const LOOK_MS = 20;

/**
 * Takes them in the order of their queue and puts them back; for that moment nobody else sees them.
 *
 * @returns oldest first, each item once: a process that died while it buried one may have left two
 */
export async function readDeadLetters(link: Link, queue: string, limit: number): Promise<readonly DeadLetter[]> {
  const channel = await link.channel();
  const letters = new Map<string, DeadLetter>();
  let last = 0;
  let taken = 0;
  try {
    while (letters.size < limit) {
      const message = await link.within(`queue ${queue}`, channel.basicGet(queue));
      if (message === undefined) break;
      last = message.deliveryTag;
      taken += 1;
      const letter = letterOf(message);
      if (!letters.has(letter.id)) letters.set(letter.id, letter);
    }
    await link.within(`queue ${queue}`, putBack(channel, queue, last, taken));
    return [...letters.values()].sort((a, b) => a.deadAt - b.deadAt);
  } catch (error) {
    throw faultOf(error, `queue ${queue}`);
  } finally {
    await closeChannel(link, channel);
  }
}

/** Resolves when they are counted in their queue again, or somebody else has them in hand. */
async function putBack(channel: Channel, queue: string, last: number, taken: number): Promise<void> {
  if (taken === 0) return;
  channel.basicNack({ deliveryTag: last, multiple: true, requeue: true });
  for (let look = 0; look < LOOKS; look++) {
    const { messageCount } = await channel.queueDeclare({ queue, passive: true });
    if (messageCount >= taken) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
