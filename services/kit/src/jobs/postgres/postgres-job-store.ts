import { KitError } from '../../errors.ts';
import { Announcer } from '../../postgres/announcer.ts';
import { ChangeListener } from '../../postgres/change-listener.ts';
import type { Ask, PostgresOptions } from '../../postgres/connection.ts';
import { provision } from '../../postgres/provision.ts';
import { PostgresTransactions } from '../../postgres/transactions.ts';
import { drive } from '../../sql/drive.ts';
import { ChangeSignal } from '../change-signal.ts';
import type { AttemptFence } from '../job.ts';
import type { JobStore, ProvisionOptions } from '../job-store.ts';
import { jobTables } from '../schema.ts';
import type { Script } from '../script.ts';
import { type AttemptEffect, holds, type Settlement, settle, wasSettled } from '../scripts/attempt.ts';
import { SCRIPTS, type ScriptArguments, type ScriptName, type ScriptResult, WAKES } from '../scripts/index.ts';
import { checkVersion } from '../store-version.ts';
import { CHANNEL } from './channel.ts';

/** While no connection listens, those who wait look this often. */
const LOOK_INTERVAL_MS = 250;

export interface PostgresJobStore extends JobStore {
  /**
   * Ends an attempt with an effect that reads and decides. `work` runs in the transaction of the settlement, with the job
   * locked and its fence checked: what it writes is there if and only if the attempt is settled. It may be run again
   * from the start, when it stood in another transaction's way, so it does nothing but ask.
   *
   * @returns `lost` when the fence does not hold: `work` was not run
   */
  settleWithin(
    fence: AttemptFence,
    now: number,
    work: (ask: Ask) => Promise<{ readonly settlement: Settlement; readonly effect?: AttemptEffect }>,
  ): Promise<'settled' | 'lost'>;
}

/**
 * Jobs in PostgreSQL: one transaction a script, on a few connections.
 *
 * @throws {KitError} `address-malformed`, `store-missing`, `store-mismatch`, `store-unreachable`, `store-refused`
 */
export async function openPostgresJobs(options: PostgresOptions): Promise<PostgresJobStore> {
  const transactions = await PostgresTransactions.open(options);
  try {
    const [found] = await transactions.ask('SELECT version FROM job_store');
    checkVersion(found?.['version'] as number | undefined, transactions.where);
    return new TransactionalJobStore(transactions, options);
  } catch (error) {
    await transactions.close();
    throw error;
  }
}

/** Makes the tables. @throws {KitError} as `openPostgresJobs`; `storage-full` */
export async function provisionPostgresJobs({
  schema = [],
  ...options
}: PostgresOptions & ProvisionOptions): Promise<void> {
  await using transactions = await PostgresTransactions.open({ ...options, connections: 1 });
  await provision(transactions, async (ask) => {
    const [table] = await ask(`SELECT to_regclass('job_store') IS NOT NULL AS found`);
    if (table?.['found'] !== 1) for (const sql of jobTables('postgres')) await ask(sql);
    const [store] = await ask('SELECT version FROM job_store');
    checkVersion(store?.['version'] as number | undefined, transactions.where);
    for (const sql of schema) await ask(sql);
  });
}

class TransactionalJobStore implements PostgresJobStore {
  readonly #transactions: PostgresTransactions;
  readonly #changes = new ChangeSignal();
  readonly #listener: ChangeListener;
  readonly #announcer: Announcer;

  constructor(transactions: PostgresTransactions, options: PostgresOptions) {
    this.#transactions = transactions;
    this.#listener = new ChangeListener(options, CHANNEL, () => this.#changes.tell());
    this.#announcer = new Announcer(transactions, CHANNEL, this.#listener.id);
  }

  async run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): Promise<ScriptResult<Name>> {
    const script = SCRIPTS[name] as (...args: readonly unknown[]) => Script<ScriptResult<Name>>;
    const result = await this.#transactions.run((ask, tell) => drive(script(...args), ask, tell));
    if (WAKES[name]) this.#wake();
    return result;
  }

  async settleWithin(
    fence: AttemptFence,
    now: number,
    work: (ask: Ask) => Promise<{ readonly settlement: Settlement; readonly effect?: AttemptEffect }>,
  ): Promise<'settled' | 'lost'> {
    const standing = await this.#transactions.run(async (ask, tell) => {
      if ((await drive(holds(fence), ask, tell)) === undefined)
        return (await drive(wasSettled(fence), ask, tell)) ? 'settled' : 'lost';
      const { settlement, effect } = await whileOpen(ask, work);
      return drive(settle(fence, settlement, now, effect), ask, tell);
    });
    this.#wake();
    return standing;
  }

  changed(withinMs: number, signal?: AbortSignal): Promise<void> {
    this.#listener.listen();
    return this.#changes.wait(this.#listener.isListening ? withinMs : Math.min(withinMs, LOOK_INTERVAL_MS), signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.#announcer.close(), this.#listener.close()]);
    await this.#transactions.close();
    this.#changes.tell();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wake(): void {
    this.#changes.tell();
    this.#announcer.announce();
  }
}

/** Work that kept the right to ask beyond its end would write into the next transaction of the connection. */
async function whileOpen<Result>(ask: Ask, work: (ask: Ask) => Promise<Result>): Promise<Result> {
  let isOpen = true;
  try {
    return await work(async (sql, params) => {
      if (!isOpen) throw new KitError('store-refused', 'the transaction is over', { repair: 'await every statement' });
      return ask(sql, params);
    });
  } finally {
    isOpen = false;
  }
}
