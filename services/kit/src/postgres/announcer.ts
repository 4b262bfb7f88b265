import type { PostgresTransactions } from './transactions.ts';

/** Announcements of a process are at least so far apart. */
const PAUSE_MS = 10;

/**
 * Tells other processes that something changed, after it was committed. Not within the transaction: PostgreSQL lets
 * those that notify commit one after the other, each with its fsync, so a busy queue would lose its group commit. What
 * is lost with a process that dies in between is a hint; those who wait look by themselves after their time.
 */
export class Announcer {
  readonly #transactions: PostgresTransactions;
  readonly #statement: string;
  #underWay: Promise<void> | undefined;
  #again = false;
  #pause: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param id of this process: letters, digits and dashes */
  constructor(transactions: PostgresTransactions, channel: string, id: string) {
    this.#transactions = transactions;
    // There is nothing in it to be durable.
    this.#statement = `BEGIN; SET LOCAL synchronous_commit = off; NOTIFY ${channel}, '${id}'; COMMIT`;
  }

  announce(): void {
    if (this.#isClosed) return;
    if (this.#underWay !== undefined || this.#pause !== undefined) {
      this.#again = true;
      return;
    }
    this.#underWay = this.#transactions.ask(this.#statement).then(
      () => this.#rest(),
      () => this.#rest(),
    );
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#again) this.#again = false;
    this.#isClosed = true;
    clearTimeout(this.#pause);
    await this.#underWay;
  }

  #rest(): void {
    this.#underWay = undefined;
    if (this.#isClosed) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.announce();
    }, PAUSE_MS);
  }
}
