import type { QueueProfile } from '@penstock/model';
import type { Bus, Guarantees, Queue } from '../port.ts';
import { type RedisBusOptions, RedisConnection } from './connection.ts';
import { REDIS_GUARANTEES } from './guarantees.ts';
import { checkProvisioned } from './provisioned.ts';
import { QueueKeys } from './queue-keys.ts';
import { RedisQueue } from './redis-queue.ts';

export { redisOptionsOf } from './address.ts';
export type { RedisBusOptions } from './connection.ts';
export { openRedisBusAdmin } from './redis-bus-admin.ts';

/**
 * Queues on Redis Streams, server 7 or newer.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openRedisBus(options: RedisBusOptions): Promise<Bus> {
  return new RedisBus(await RedisConnection.open(options));
}

class RedisBus implements Bus {
  readonly guarantees: Guarantees = REDIS_GUARANTEES;
  readonly #connection: RedisConnection;
  readonly #queues: RedisQueue[] = [];
  #closing: Promise<void> | undefined;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    const keys = new QueueKeys(profile);
    await checkProvisioned(this.#connection, keys, profile);
    const queue = new RedisQueue(this.#connection, keys, profile);
    await this.#connection.listen(keys.bell, () => queue.wake());
    this.#queues.push(queue);
    return queue;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    await this.#connection.close();
    for (const queue of this.#queues) queue.abandon();
  }
}
