import { Announcer } from '../postgres/announcer.ts';
import { ChangeListener } from '../postgres/change-listener.ts';
import type { Ask, PostgresOptions } from '../postgres/connection.ts';
import { PostgresTransactions } from '../postgres/transactions.ts';
import { ChangeSignal } from './change-signal.ts';
import { drive } from './drive.ts';
import type { Script } from './script.ts';
import type { ScriptArguments, ScriptResult, ScriptSet, ScriptStore, ScriptTable } from './script-store.ts';

/** While no connection listens, those who wait look this often. */
const LOOK_INTERVAL_MS = 250;

export interface PostgresScriptOptions<Table extends ScriptTable> extends PostgresOptions {
  readonly set: ScriptSet<Table>;
  /** Where changes are told of. */
  readonly channel: string;
  /** @throws {KitError} when the database does not hold the tables of the scripts */
  readonly check: (ask: (sql: string) => ReturnType<Ask>, where: string) => Promise<void>;
}

/**
 * Scripts in PostgreSQL: one transaction each, on a few connections.
 *
 * @throws {KitError} as `check`; `address-malformed`, `store-unreachable`, `store-refused`
 */
export async function openPostgresScripts<Table extends ScriptTable>(
  options: PostgresScriptOptions<Table>,
): Promise<ScriptStore<Table>> {
  const transactions = await PostgresTransactions.open(options);
  try {
    await options.check((sql) => transactions.ask(sql), transactions.where);
    return new PostgresScriptStore(transactions, options);
  } catch (error) {
    await transactions.close();
    throw error;
  }
}

class PostgresScriptStore<Table extends ScriptTable> implements ScriptStore<Table> {
  readonly #transactions: PostgresTransactions;
  readonly #set: ScriptSet<Table>;
  readonly #changes = new ChangeSignal();
  readonly #listener: ChangeListener;
  readonly #announcer: Announcer;

  constructor(transactions: PostgresTransactions, options: PostgresScriptOptions<Table>) {
    this.#transactions = transactions;
    this.#set = options.set;
    this.#listener = new ChangeListener(options, options.channel, () => this.#changes.tell());
    this.#announcer = new Announcer(transactions, options.channel, this.#listener.id);
  }

  async run<Name extends keyof Table & string>(
    name: Name,
    ...args: ScriptArguments<Table[Name]>
  ): Promise<ScriptResult<Table[Name]>> {
    const script = this.#set.scripts[name] as unknown as (
      ...args: readonly unknown[]
    ) => Script<ScriptResult<Table[Name]>>;
    const result = await this.#transactions.run((ask, tell) => drive(script(...args), ask, tell));
    if (this.#set.wakes.has(name)) {
      this.#changes.tell();
      this.#announcer.announce();
    }
    return result;
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
}
