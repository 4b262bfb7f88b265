import { StoreClient } from '../sqlite/store-client.ts';
import { ChangeSignal } from './change-signal.ts';
import type { ScriptArguments, ScriptResult, ScriptSet, ScriptStore, ScriptTable } from './script-store.ts';
import type { ScriptOperation, ScriptThreadData } from './sqlite-script-thread.ts';

/**
 * Scripts on one file, with one thread that owns this process's connection to it. Scripts that come together share a
 * commit.
 *
 * @param thread begins with `serveScripts`
 * @throws {KitError} as `serveScripts` says; `storage-corrupt`, `storage-failed`
 */
export async function openSqliteScripts<Table extends ScriptTable>(
  thread: URL,
  path: string,
  wakes: ScriptSet<Table>['wakes'],
): Promise<ScriptStore<Table>> {
  const data: ScriptThreadData = { path };
  return new SqliteScriptStore(await StoreClient.open<ScriptOperation, unknown>(thread, data), wakes);
}

class SqliteScriptStore<Table extends ScriptTable> implements ScriptStore<Table> {
  readonly #store: StoreClient<ScriptOperation, unknown>;
  readonly #wakes: ScriptSet<Table>['wakes'];
  readonly #changes = new ChangeSignal();
  #isWatching = false;

  constructor(store: StoreClient<ScriptOperation, unknown>, wakes: ScriptSet<Table>['wakes']) {
    this.#store = store;
    this.#wakes = wakes;
  }

  async run<Name extends keyof Table & string>(
    name: Name,
    ...args: ScriptArguments<Table[Name]>
  ): Promise<ScriptResult<Table[Name]>> {
    const result = await this.#store.request({ kind: 'script', name, args });
    if (this.#wakes.has(name)) this.#changes.tell();
    return result as ScriptResult<Table[Name]>;
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
    const isOver = (): void => {
      this.#isWatching = false;
    };
    this.#store.request({ kind: 'watch' }).then(() => {
      isOver();
      this.#changes.tell();
    }, isOver);
  }
}
