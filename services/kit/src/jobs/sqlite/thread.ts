import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';
import { KitError, type KitErrorCode } from '../../errors.ts';
import { faultOf, LATER, openDatabase, Refusal, type StoreHandler, serveStore } from '../../sqlite/store-thread.ts';
import type { Outcome } from '../../sqlite/thread-port.ts';
import { type Query, type Row, runSync, type Script } from '../script.ts';
import { SCRIPTS } from '../scripts/index.ts';
import { checkVersion, storeMissing } from '../store-version.ts';
import { asking } from './ask.ts';
import type { JobOperation, JobThreadData } from './operations.ts';
import { versionOf } from './tables.ts';

/**
 * How often a watch looks whether another process has committed. Processes on one file have no other way to wake each
 * other; a look costs some microseconds and takes no lock.
 */
const LOOK_INTERVAL_MS = 50;

class JobHandler implements StoreHandler<JobOperation, unknown> {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #ask: (query: Query) => readonly Row[];
  readonly #answer: (outcomes: readonly Outcome<unknown>[]) => void;
  readonly #version: StatementSync;
  readonly #watches = new Set<number>();
  readonly #look: NodeJS.Timeout;
  #seen: unknown;

  constructor(database: DatabaseSync, path: string, answer: (outcomes: readonly Outcome<unknown>[]) => void) {
    this.#database = database;
    this.#path = path;
    this.#ask = asking(database);
    this.#answer = answer;
    this.#version = database.prepare('PRAGMA data_version');
    this.#seen = this.#dataVersion();
    this.#look = setInterval(() => this.#answerWatches(), LOOK_INTERVAL_MS);
  }

  run(op: JobOperation, id: number): unknown {
    if (op.kind === 'watch') {
      this.#watches.add(id);
      return LATER;
    }
    const script = (SCRIPTS[op.name] as (...args: readonly unknown[]) => Script<unknown>)(...op.args);
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

const { path } = workerData as JobThreadData;

serveStore<JobOperation, unknown>(path, (answer) => {
  if (!existsSync(path)) throw storeMissing(path);
  const database = openDatabase(path);
  checkVersion(versionOf(database), path);
  const handler = new JobHandler(database, path, answer);
  return { database, handler, close: () => handler.close() };
});
