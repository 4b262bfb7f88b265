import { errorOf, StoreClient } from '../../sqlite/store-client.ts';
import { faultOf, openDatabase, transact } from '../../sqlite/store-thread.ts';
import { ChangeSignal } from '../change-signal.ts';
import type { JobStore, ProvisionOptions } from '../job-store.ts';
import { type ScriptArguments, type ScriptName, type ScriptResult, WAKES } from '../scripts/index.ts';
import type { JobOperation, JobThreadData } from './operations.ts';
import { createTables } from './tables.ts';

export interface SqliteJobOptions {
  /** The file, on a local disk: never on a network file system. Several processes may have it open. */
  readonly path: string;
}

type Store = StoreClient<JobOperation, unknown>;

/**
 * Jobs in one file, with one thread that owns this process's connection to it. Scripts that come together share a commit.
 *
 * @throws {KitError} `store-missing`, `store-mismatch`, `storage-corrupt`, `storage-failed`
 */
export async function openSqliteJobs({ path }: SqliteJobOptions): Promise<JobStore> {
  const data: JobThreadData = { path };
  return new SqliteJobStore(await StoreClient.open(new URL('./thread.ts', import.meta.url), data));
}

/**
 * Makes the tables, and the file when there is none.
 *
 * @throws {KitError} `store-mismatch`, `storage-corrupt`, `storage-full`, `storage-failed`
 */
export function provisionSqliteJobs({ path, schema = [] }: SqliteJobOptions & ProvisionOptions): void {
  try {
    const database = openDatabase(path);
    try {
      transact(database, () => createTables(database, path, schema));
    } finally {
      database.close();
    }
  } catch (error) {
    throw errorOf(faultOf(error, path));
  }
}

class SqliteJobStore implements JobStore {
  readonly #store: Store;
  readonly #changes = new ChangeSignal();
  #isWatching = false;

  constructor(store: Store) {
    this.#store = store;
  }

  async run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): Promise<ScriptResult<Name>> {
    const result = await this.#store.request({ kind: 'script', name, args });
    if (WAKES[name]) this.#changes.tell();
    return result as ScriptResult<Name>;
  }

  changed(withinMs: number, signal?: AbortSignal): Promise<void> {
    this.#watch();
    return this.#changes.wait(withinMs, signal);
  }

  async close(): Promise<void> {
    await this.#store.close();
    this.#changes.tell();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One watch is enough for all who wait; it stays until another process commits. */
  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#store.request({ kind: 'watch' }).then(
      () => this.#watchIsOver(),
      // Closed, or the disk has a fault that whoever runs a script hears of; those who wait have their own time.
      () => {
        this.#isWatching = false;
      },
    );
  }

  #watchIsOver(): void {
    this.#isWatching = false;
    this.#changes.tell();
  }
}
