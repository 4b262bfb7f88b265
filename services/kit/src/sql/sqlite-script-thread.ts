import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KitError, type KitErrorCode } from '../errors.ts';
import { faultOf, LATER, openDatabase, Refusal, type StoreHandler, serveStore } from '../sqlite/store-thread.ts';
import type { Outcome } from '../sqlite/thread-port.ts';
import { type Query, type Row, runSync, type Script } from './script.ts';
import type { ScriptTable } from './script-store.ts';
import { asking } from './sqlite-asking.ts';

/** How a thread that runs scripts is started. */
export interface ScriptThreadData {
  readonly path: string;
}

export type ScriptOperation =
  | { readonly kind: 'script'; readonly name: string; readonly args: readonly unknown[] }
  /** Answered when another process has committed. */
  | { readonly kind: 'watch' };

export interface ScriptThreadOptions {
  readonly path: string;
  readonly scripts: ScriptTable;
  /**
   * How often a watch looks whether another process has committed, in milliseconds. Processes on one file have no other
   * way to wake each other; a look costs some microseconds and takes no lock.
   */
  readonly lookMs: number;
  /** @throws {KitError} when the file does not hold the tables of the scripts */
  readonly check: (database: DatabaseSync) => void;
  readonly missing: (path: string) => KitError;
}

/** The thread's side of a store of scripts: to be called by the file that the thread begins with. */
export function serveScripts({ path, scripts, lookMs, check, missing }: ScriptThreadOptions): void {
  serveStore<ScriptOperation, unknown>(path, (answer) => {
    if (!existsSync(path)) throw missing(path);
    const database = openDatabase(path);
    check(database);
    const handler = new ScriptHandler(database, path, scripts, lookMs, answer);
    return { database, handler, close: () => handler.close() };
  });
}

class ScriptHandler implements StoreHandler<ScriptOperation, unknown> {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #scripts: ScriptTable;
  readonly #ask: (query: Query) => readonly Row[];
  readonly #answer: (outcomes: readonly Outcome<unknown>[]) => void;
  readonly #version: StatementSync;
  readonly #watches = new Set<number>();
  readonly #look: NodeJS.Timeout;
  #seen: unknown;

  constructor(
    database: DatabaseSync,
    path: string,
    scripts: ScriptTable,
    lookMs: number,
    answer: (outcomes: readonly Outcome<unknown>[]) => void,
  ) {
    this.#database = database;
    this.#path = path;
    this.#scripts = scripts;
    this.#ask = asking(database);
    this.#answer = answer;
    this.#version = database.prepare('PRAGMA data_version');
    this.#seen = this.#dataVersion();
    this.#look = setInterval(() => this.#answerWatches(), lookMs);
  }

  run(op: ScriptOperation, id: number): unknown {
    if (op.kind === 'watch') {
      this.#watches.add(id);
      return LATER;
    }
    const script = (this.#scripts[op.name] as (...args: readonly unknown[]) => Script<unknown>)(...op.args);
    this.#database.exec('SAVEPOINT script');
    try {
      const result = runSync(script, this.#ask);
      this.#database.exec('RELEASE script');
      return result;
    } catch (error) {
      const fault = faultOf(error, this.#path);
      // A fault of the file, e.g. a full disk, is not this script's: the whole batch has to know.
      const isOwn = KitError.is(error) || fault.code === 'storage-failed';
      if (!this.#database.isTransaction || !isOwn) throw error;
      this.#database.exec('ROLLBACK TO script; RELEASE script');
      throw new Refusal(fault.code as KitErrorCode, fault.message, fault.repair, fault.retryAfterMs);
    }
  }

  committed(): void {}

  close(): void {
    clearInterval(this.#look);
  }

  #answerWatches(): void {
    if (this.#watches.size === 0) return;
    const version = this.#dataVersion();
    if (version === this.#seen) return;
    this.#seen = version;
    const watches = [...this.#watches];
    this.#watches.clear();
    this.#answer(watches.map((id) => ({ id, ok: true, result: undefined })));
  }

  /** Changes when another connection commits. */
  #dataVersion(): unknown {
    return this.#version.get()?.['data_version'];
  }
}
