import { randomUUID } from 'node:crypto';
import { EventConsumer, type EventDatabase, type Log, type LogRecord, OutboxRelay } from '@penstock/kit/events';
import { SagaRunner } from '@penstock/kit/sagas';
import { PATIENT, participants, type Refusals, shopSaga } from './shop-saga.ts';

export const SHOP_TOPICS = ['order', 'shop-replies', 'stock', 'billing', 'approval', 'order-outcomes'].map(
  (name) => `outbox.event.${name}`,
);

/** Refused by the name of the order: `approve-...` is refused by the approval. */
export const BY_NAME: Refusals = { refuses: (order, what) => order.startsWith(`${what}-`) };

/** Saga, services and relay in one process, over a database and a log. */
export function startShop(
  database: EventDatabase,
  log: Log,
  refusals: Refusals = BY_NAME,
  patience = PATIENT,
): AsyncDisposable {
  const parts = new AsyncDisposableStack();
  const owner = randomUUID();
  const runner = parts.use(
    new SagaRunner({ saga: shopSaga(patience), database, log, owner, leadMs: 300, sessionMs: 600 }),
  );
  const handlers: Readonly<
    Record<string, (record: LogRecord) => ReturnType<ReturnType<typeof participants>['stock']>>
  > = participants(database, refusals);
  const consumers = Object.entries(handlers).map(([name, handle]) =>
    parts.use(
      new EventConsumer({ database, log, group: name, topics: [`outbox.event.${name}`], sessionMs: 600, handle }),
    ),
  );
  const relay = parts.use(new OutboxRelay({ database, log, owner, leadMs: 300 }));
  for (const part of [runner, ...consumers, relay]) part.start();
  return parts;
}

export type Boundary = 'before' | 'after';

/** What writes: where a process dies before or after it, a step is there or not. */
const WRITES: readonly string[] = ['receive', 'moveSagas'];

/**
 * Counts the boundaries that a saga passes, and ends the process at one of them: from there on nothing is written.
 *
 * @param at counts from 1; 0: at none
 * @param end never returns, or throws
 */
export class CrashPoints {
  readonly #at: number;
  readonly #where: Boundary;
  readonly #end: () => Promise<never>;
  #passed = 0;
  #isOver = false;

  constructor(at: number, where: Boundary, end: () => Promise<never>) {
    this.#at = at;
    this.#where = where;
    this.#end = end;
  }

  get passed(): number {
    return this.#passed;
  }

  database(database: EventDatabase): EventDatabase {
    const run = async (name: string, ...args: readonly unknown[]): Promise<unknown> => {
      const ask = () =>
        (database.run as (name: string, ...args: readonly unknown[]) => Promise<unknown>)(name, ...args);
      if (this.#isOver) return this.#end();
      return WRITES.includes(name) ? this.#pass(ask) : ask();
    };
    return {
      dialect: database.dialect,
      run: run as EventDatabase['run'],
      changed: (ms, signal) => database.changed(ms, signal),
      close: () => database.close(),
      [Symbol.asyncDispose]: () => database.close(),
    };
  }

  log(log: Log): Log {
    return {
      guarantees: log.guarantees,
      produce: (records) => this.#pass(() => log.produce(records)),
      join: (options) => log.join(options),
      transact: (id) => log.transact(id),
      read: (...place) => log.read(...place),
      bounds: (topic) => log.bounds(topic),
      lag: (group, topic) => log.lag(group, topic),
      close: () => log.close(),
      [Symbol.asyncDispose]: () => log.close(),
    };
  }

  async #pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#isOver) return this.#end();
    this.#passed += 1;
    const isHere = this.#passed === this.#at;
    if (isHere) this.#isOver = true;
    if (isHere && this.#where === 'before') return this.#end();
    const result = await work();
    return isHere ? this.#end() : result;
  }
}
