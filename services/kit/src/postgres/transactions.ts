import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { KitError } from '../errors.ts';
import { type Ask, askingOf, configOf, type PostgresOptions, type PostgresRow, type Tell } from './connection.ts';
import { faultOf, isConflict } from './faults.ts';

/** Two transactions that stand in each other's way: one is taken back and tried so many times. */
const MOST_TRIES = 8;
const LONGEST_PAUSE_MS = 50;

/** Transactions on a few connections, loaded and opened when the first one is asked for. */
export class PostgresTransactions implements AsyncDisposable {
  readonly #pool: Pool;
  /** Names the server, for people. */
  readonly #where: string;
  #closing: Promise<void> | undefined;

  private constructor(pool: Pool, where: string) {
    this.#pool = pool;
    this.#where = where;
  }

  /** @throws {KitError} `address-malformed` */
  static async open(options: PostgresOptions): Promise<PostgresTransactions> {
    const config = await configOf(options);
    const { Pool } = await import('pg');
    const pool = new Pool(config);
    // A connection that breaks while nobody uses it is left out; the next transaction makes another.
    pool.on('error', () => {});
    return new PostgresTransactions(pool, placeOf(options.url));
  }

  get where(): string {
    return this.#where;
  }

  /**
   * Runs `work` in one transaction, READ COMMITTED; again when it stood in another's way. Durable when it resolves.
   *
   * @throws {KitError} what `work` throws; `store-unreachable`: whether it was done is unknown; as `faultOf`
   */
  async run<Result>(work: (ask: Ask, tell: Tell) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#runOnce(work);
      } catch (error) {
        if (!isConflict(error) || tries === MOST_TRIES) throw faultOf(error, this.#where);
        await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries));
      }
    }
  }

  /** One statement, or several without parameters, each a transaction of its own unless they say otherwise. */
  async ask(sql: string): Promise<readonly PostgresRow[]> {
    try {
      const client = await this.#connect();
      return await used(client, () => askingOf(client, false)(sql));
    } catch (error) {
      throw faultOf(error, this.#where);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #runOnce<Result>(work: (ask: Ask, tell: Tell) => Promise<Result>): Promise<Result> {
    const client = await this.#connect();
    return used(client, async () => {
      const ask = askingOf(client, true);
      /** The first of what was told that failed: whatever comes after it fails because of it. */
      let failure: unknown;
      const noteFailure = (error: unknown): void => {
        failure ??= error;
      };
      // Not awaited: it goes out together with the first statement, as what is told does with the one after it.
      client.query('BEGIN ISOLATION LEVEL READ COMMITTED').catch(noteFailure);
      try {
        const result = await work(ask, (sql, params) => void ask(sql, params).catch(noteFailure));
        const { command } = await client.query('COMMIT');
        // A statement failed and `work` went on as if it had not.
        if (command !== 'COMMIT' || failure !== undefined)
          throw new KitError('storage-failed', `${this.#where}: the transaction had failed and was taken back`);
        return result;
      } catch (error) {
        throw failure ?? error;
      }
    });
  }

  async #connect(): Promise<PoolClient> {
    if (this.#closing !== undefined) throw new KitError('bus-closed', 'the store is closed');
    return this.#pool.connect();
  }
}

/** Gives a connection back, after a failure without what it had begun; one that cannot say so is closed. */
async function used<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  let isSound = true;
  // Whoever waits for an answer is told; without a listener it would end the process.
  const onError = (): void => {
    isSound = false;
  };
  client.on('error', onError);
  try {
    return await work();
  } catch (error) {
    if (isSound)
      await client.query('ROLLBACK').catch(() => {
        isSound = false;
      });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(!isSound);
  }
}

/** An address without its secrets. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `PostgreSQL at ${host}${pathname}`;
}
