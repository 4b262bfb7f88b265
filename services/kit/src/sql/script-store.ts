import type { Script } from './script.ts';

/** Scripts by the name they cross threads under. */
export type ScriptTable = Readonly<Record<string, (...args: never[]) => Script<unknown>>>;

export type ScriptArguments<S> = S extends (...args: infer A) => Script<unknown> ? A : never;
export type ScriptResult<S> = S extends (...args: never[]) => Script<infer Result> ? Result : never;

/** What scripts a store knows, and which of them others may be waiting for. */
export interface ScriptSet<Table extends ScriptTable> {
  readonly scripts: Table;
  readonly wakes: ReadonlySet<keyof Table>;
}

/** A database that runs scripts. Each call is one transaction, durable when it resolves. */
export interface ScriptStore<Table extends ScriptTable> extends AsyncDisposable {
  /**
   * @throws {KitError} as the script says; `storage-full`, `storage-failed`, `store-unreachable`. After the last two it
   * is unknown whether it was done: every script comes to the same when it is run again
   */
  run<Name extends keyof Table & string>(
    name: Name,
    ...args: ScriptArguments<Table[Name]>
  ): Promise<ScriptResult<Table[Name]>>;
  /**
   * Resolves when somebody ran a script that wakes, in this process or another; at the latest after the time, and when
   * the signal aborts. A hint: it may come for nothing. It tells of what happens after the call: whoever must miss
   * nothing calls it first, then looks, then awaits it.
   */
  changed(withinMs: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
