import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { BusAdmin } from '../port.ts';
import { type RedisBusOptions, RedisConnection } from './connection.ts';
import { checkServer } from './provisioned.ts';
import { QueueKeys } from './queue-keys.ts';

/**
 * The infrastructure's part on Redis: a stream with its group, and the profile beside it.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openRedisBusAdmin(options: RedisBusOptions): Promise<BusAdmin> {
  return new RedisBusAdmin(await RedisConnection.open(options));
}

class RedisBusAdmin implements BusAdmin {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** @throws {KitError} `queue-mismatch`, `bus-refused`, `bus-unreachable` */
  async provision(profile: QueueProfile): Promise<void> {
    if (profile.ackWaitMs === 0)
      throw new KitError('queue-mismatch', `queue ${profile.stream}: an ack wait of 0 ms leases nothing`);
    await checkServer(this.#connection, profile);
    const keys = new QueueKeys(profile);
    const what = `queue ${profile.stream}`;
    // The profile last: whoever finds it finds the rest.
    await this.#connection
      .ask(what, ['XGROUP', 'CREATE', keys.items, profile.consumer, '0', 'MKSTREAM'])
      .catch((error: unknown) => {
        if (!String(error).includes('BUSYGROUP')) throw error;
      });
    await this.#connection.ask(what, ['SET', keys.profile, JSON.stringify(profile)]);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
