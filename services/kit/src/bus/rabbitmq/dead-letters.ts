import type { SyncMessage } from 'rabbitmq-client';
import type { DeadLetter } from '../port.ts';
import type { Link } from './connection.ts';
import { faultOf } from './faults.ts';
import { letterOf } from './item-message.ts';

/**
 * Takes them in the order of their queue and puts them back; for that moment nobody else sees them.
 *
 * @returns oldest first, each item once: a process that died while it buried one may have left two
 */
export async function readDeadLetters(link: Link, queue: string, limit: number): Promise<readonly DeadLetter[]> {
  const channel = await link.channel();
  const letters = new Map<string, DeadLetter>();
  let last: SyncMessage | undefined;
  try {
    while (letters.size < limit) {
      const message = await channel.basicGet(queue);
      if (message === undefined) break;
      last = message;
      const letter = letterOf(message);
      if (!letters.has(letter.id)) letters.set(letter.id, letter);
    }
    return [...letters.values()].sort((a, b) => a.deadAt - b.deadAt);
  } catch (error) {
    throw faultOf(error, `queue ${queue}`);
  } finally {
    if (last !== undefined && channel.active)
      channel.basicNack({ deliveryTag: last.deliveryTag, multiple: true, requeue: true });
    await channel.close();
  }
}
