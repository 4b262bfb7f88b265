import type { ScriptArguments, ScriptName, ScriptResult } from './scripts/index.ts';

/** Where jobs lie. Each call is one transaction, durable when it resolves. */
export interface JobStore extends AsyncDisposable {
  /**
   * @throws {KitError} as the script says; `storage-full`, `storage-failed`, `store-unreachable`. After the last two it
   * is unknown whether it was done: every script comes to the same when it is run again
   */
  run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): Promise<ScriptResult<Name>>;
  /**
   * Resolves when somebody made jobs ready or asked for a cancel, in this process or another; at the latest after the
   * time, and when the signal aborts. A hint: it may come for nothing. It tells of what happens after the call: whoever
   * must miss nothing calls it first, then looks, then awaits it.
   */
  changed(withinMs: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ProvisionOptions {
  /** Statements that make tables of effects in the same database; run every time, so they say IF NOT EXISTS. */
  readonly schema?: readonly string[];
}
