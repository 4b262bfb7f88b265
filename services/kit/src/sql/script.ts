import type { SqlValue } from '../effects/effect-store.ts';

// Transactions without a driver: a script yields what it asks and is handed the answer, whoever runs it. SQLite runs it
// without a pause in the thread that owns the file, PostgreSQL over a connection, a simulation with a clock of its own.
//
// Two rules make one text right on both. On PostgreSQL scripts run side by side, each statement seeing what was committed
// before it (READ COMMITTED): what a script decides by, it locks first, by an UPDATE that returns the row; what must not
// appear meanwhile, it guards by a lock row. And a commit whose answer is lost is run again by whoever asked: every
// script comes to the same when it has been done before.

/** One statement with parameters `$1`, `$2`, ... which both dialects know. */
export interface Query {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** Nobody reads its answer: the next statement may be sent behind it at once. */
  readonly isTold?: boolean;
}

/** A row as both drivers give it: whole numbers as `number`, bytes as `Uint8Array`. */
export type Row = Readonly<Record<string, SqlValue>>;

/** A transaction. It reads no clock and no random number: both come in as arguments. */
export type Script<Result> = Generator<Query, Result, readonly Row[]>;

/** Asks for rows. Used as `yield* rows<{ readonly id: string }>(sql, params)`. */
export function* rows<R extends object = Row>(sql: string, params: readonly SqlValue[] = []): Script<readonly R[]> {
  return (yield { sql, params }) as readonly object[] as readonly R[];
}

/** Asks for the one row there may be. */
export function* row<R extends object = Row>(sql: string, params: readonly SqlValue[] = []): Script<R | undefined> {
  const [first] = yield* rows<R>(sql, params);
  return first;
}

/** Says what is to be done, and asks for nothing: over a network it costs no round trip. */
export function* tell(sql: string, params: readonly SqlValue[] = []): Script<void> {
  yield { sql, params, isTold: true };
}

/** Drives a script where answers are there at once. */
export function runSync<Result>(script: Script<Result>, ask: (query: Query) => readonly Row[]): Result {
  let step = script.next();
  while (step.done !== true) {
    try {
      step = script.next(ask(step.value));
    } catch (error) {
      step = script.throw(error);
    }
  }
  return step.value;
}

/**
 * Drives a script where answers take a while. The caller has a transaction open, and ends it.
 *
 * @param ask may answer at once, with no rows, what is only told; that it failed then shows by what comes after it
 */
export async function runAsync<Result>(
  script: Script<Result>,
  ask: (query: Query) => Promise<readonly Row[]> | readonly Row[],
): Promise<Result> {
  let step = script.next();
  while (step.done !== true) {
    try {
      step = script.next(await ask(step.value));
    } catch (error) {
      step = script.throw(error);
    }
  }
  return step.value;
}
