import { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { KitError, type KitErrorCode } from '../errors.ts';
import type { Batch, Fault, Outcome, Reply } from './thread-port.ts';

/** Refuses an operation; the rest of its batch goes on. Thrown before the operation has written anything. */
export class Refusal extends Error {
  readonly code: KitErrorCode;
  readonly repair: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: KitErrorCode, message: string, repair?: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.repair = repair;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Answers later, by `reply`: the operation waits for something. */
export const LATER = Symbol('later');

export interface StoreHandler<Op, Result> {
  /** Runs inside the batch's transaction. Undefined: done, with nothing to tell. */
  run(op: Op, id: number): Result | undefined | typeof LATER;
  /** After the batch is durable: what was changed may wake what waits. */
  committed(): void;
}

/** Waits this long for another process to end its own group. */
const BUSY_TIMEOUT_MS = 10_000;

/** Opens a file with the settings that make a resolved commit survive a power loss. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  return database;
}

/**
 * The thread's side: opens the store, then runs each batch it is sent in one transaction and answers when that is
 * durable.
 */
export function serveStore<Op, Result>(
  path: string,
  open: (reply: (outcomes: readonly Outcome<Result>[]) => void) => {
    readonly database: DatabaseSync;
    readonly handler: StoreHandler<Op, Result>;
    close(): void;
  },
): void {
  const port = parentPort as MessagePort;
  const post = (reply: Reply<Result>): void => port.postMessage(reply);
  try {
    const store = open((outcomes) => post({ done: [], outcomes, batchDone: false }));
    port.on('message', (message: Batch<Op> | 'close') => {
      if (message === 'close') {
        store.close();
        store.database.close();
        port.close();
        return;
      }
      post({ ...runBatch(store.database, store.handler, message, path), batchDone: true });
      store.handler.committed();
    });
    port.postMessage('open');
  } catch (error) {
    port.postMessage(faultOf(error, path));
  }
}

type Answers<Result> = Omit<Reply<Result>, 'batchDone'>;

function runBatch<Op, Result>(
  database: DatabaseSync,
  handler: StoreHandler<Op, Result>,
  { first, ops }: Batch<Op>,
  path: string,
): Answers<Result> {
  try {
    return transact(database, () => {
      const done: number[] = [];
      const outcomes: Outcome<Result>[] = [];
      for (const [index, op] of ops.entries()) runOne(handler, op, first + index, done, outcomes);
      return { done, outcomes };
    });
  } catch (error) {
    if (ops.length === 1) return { done: [], outcomes: [{ id: first, ok: false, fault: faultOf(error, path) }] };
    // One operation may have broken the batch (a full disk refuses an insert, not a delete): each on its own.
    const each = ops.map((op, index) => runBatch(database, handler, { first: first + index, ops: [op] }, path));
    return { done: each.flatMap(({ done }) => done), outcomes: each.flatMap(({ outcomes }) => outcomes) };
  }
}

function runOne<Op, Result>(
  handler: StoreHandler<Op, Result>,
  op: Op,
  id: number,
  done: number[],
  outcomes: Outcome<Result>[],
): void {
  try {
    const result = handler.run(op, id);
    if (result === undefined) done.push(id);
    else if (result !== LATER) outcomes.push({ id, ok: true, result });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    outcomes.push({ id, ok: false, fault: faultOf(error, '') });
  }
}

/** Runs `work` in one write transaction; returns when it is durable. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors, e.g. a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const FULL = 13;
const CORRUPT = [11, 26];

/** What SQLite says, as a fault a person can act on. Primary result codes are the low byte. */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof Refusal)
    return { code: error.code, message: error.message, repair: error.repair, retryAfterMs: error.retryAfterMs };
  if (KitError.is(error)) return faultOfKit(error);
  const { message, errcode } = error as Error & { readonly errcode?: number };
  const primary = (errcode ?? 0) & 0xff;
  if (primary === FULL)
    return {
      code: 'storage-full',
      message: `no room for ${path}`,
      repair: 'free some space; nothing that was accepted is lost, and publishing works again at once',
      retryAfterMs: undefined,
    };
  if (CORRUPT.includes(primary))
    return {
      code: 'storage-corrupt',
      message: `${path} is not a sound database: ${message}`,
      repair:
        'nothing was written to it; move it aside, recover it with the sqlite3 command .recover, or restore a copy',
      retryAfterMs: undefined,
    };
  return { code: 'storage-failed', message: `${path}: ${message}`, repair: undefined, retryAfterMs: undefined };
}

/** What the error adds to its message by itself is added again on the other side. */
function faultOfKit({ code, message, repair, retryAfterMs }: KitError): Fault {
  const added = ` [${code}]${repair === undefined ? '' : `; ${repair}`}`;
  return { code, message: message.endsWith(added) ? message.slice(0, -added.length) : message, repair, retryAfterMs };
}
