import type { QueueProfile } from '@penstock/model';
import type { Channel } from 'rabbitmq-client';
import { KitError } from '../../errors.ts';
import { profileDifferences } from '../profile-differences.ts';
import type { Link } from './connection.ts';
import { missing } from './faults.ts';
import type { RabbitmqNames } from './names.ts';

const LOOKS = 100;
const LOOK_MS = 30;

/**
 * Holds the profile that the queue was provisioned with against this one. The settings of queues themselves the
 * protocol does not show; a queue with other settings than the driver's own is refused when it is provisioned.
 *
 * @throws {KitError} `queue-missing`, `queue-mismatch`, `bus-refused`, `bus-unreachable`
 */
export async function checkProvisioned(link: Link, names: RabbitmqNames, profile: QueueProfile): Promise<void> {
  const noted = await link.ask(`queue ${names.profile}`, (channel) => readNote(channel, names.profile));
  if (noted === undefined) throw missing(`note in queue ${names.profile}`);
  const differences = profileDifferences(noted, profile);
  if (differences.length === 0) return;
  throw new KitError('queue-mismatch', `queue ${names.items}: ${differences.join('; ')}`, {
    repair: 'provision it with the same profile',
  });
}

/** Whoever else looks at that moment has it in hand. */
async function readNote(channel: Channel, queue: string): Promise<QueueProfile | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    const message = await channel.basicGet(queue);
    if (message !== undefined) {
      channel.basicNack({ deliveryTag: message.deliveryTag, requeue: true });
      return JSON.parse(String(message.body)) as QueueProfile;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return undefined;
}
