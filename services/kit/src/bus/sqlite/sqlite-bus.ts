import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { StoreClient } from '../../sqlite/store-client.ts';
import type { Bus, BusAdmin, Guarantees, Queue } from '../port.ts';
import { SQLITE_GUARANTEES } from './guarantees.ts';
import type { Operation, OperationResult } from './operations.ts';
import { SqliteQueue } from './sqlite-queue.ts';
import type { ThreadData } from './thread.ts';

export type Store = StoreClient<Operation, OperationResult>;

export interface SqliteBusOptions {
  /** The file, on a local disk: never on a network file system. Several processes may have it open. */
  readonly path: string;
}

const THREAD = new URL('./thread.ts', import.meta.url);

/**
 * The embedded broker: one file, one thread that owns this process's connection to it.
 *
 * @throws {KitError} `queue-missing` without the file, `storage-corrupt`, `storage-failed`
 */
export async function openSqliteBus({ path }: SqliteBusOptions): Promise<Bus> {
  const queues: SqliteQueue[] = [];
  const data: ThreadData = { path, create: false };
  const store: Store = await StoreClient.open(THREAD, data, () => {
    for (const queue of queues) queue.claimFreeSlots();
  });
  return new SqliteBus(store, queues);
}

class SqliteBus implements Bus {
  readonly guarantees: Guarantees = SQLITE_GUARANTEES;
  readonly #store: Store;
  readonly #queues: SqliteQueue[];

  constructor(store: Store, queues: SqliteQueue[]) {
    this.#store = store;
    this.#queues = queues;
  }

  async bind(profile: QueueProfile): Promise<Queue> {
    const result = await this.#store.request({ kind: 'bind', profile });
    const queue = new SqliteQueue(this.#store, profile, (result as Extract<OperationResult, { kind: 'bound' }>).queue);
    this.#queues.push(queue);
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    await this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * The infrastructure's part on one file; makes the file when there is none.
 *
 * @throws {KitError} `storage-corrupt`, `storage-full`, `storage-failed`
 */
export async function openSqliteBusAdmin({ path }: SqliteBusOptions): Promise<BusAdmin> {
  const data: ThreadData = { path, create: true };
  const store: Store = await StoreClient.open(THREAD, data);
  return {
    async provision(profile) {
      if (profile.ackWaitMs === 0)
        throw new KitError('queue-mismatch', `queue ${profile.stream}: an ack wait of 0 ms leases nothing`);
      await store.request({ kind: 'provision', profile });
    },
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
