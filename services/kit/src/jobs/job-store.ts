import type { ScriptArguments, ScriptName, ScriptResult } from './scripts/index.ts';

/** Where jobs lie. Each call is one transaction, durable when it resolves. */
export interface JobStore extends AsyncDisposable {
  /** @throws {KitError} as the script says; `storage-full`, `storage-failed`, `store-unreachable` */
  run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): Promise<ScriptResult<Name>>;
  /**
   * Resolves when somebody made jobs ready or asked for a cancel, in this process or another; at the latest after the
   * time. A hint: it may come for nothing.
   */
  changed(withinMs: number, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
