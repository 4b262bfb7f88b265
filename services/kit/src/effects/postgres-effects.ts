import { KitError } from '../errors.ts';
import type { Ask, PostgresOptions } from '../postgres/connection.ts';
import { provision } from '../postgres/provision.ts';
import { PostgresTransactions } from '../postgres/transactions.ts';
import type { EffectStore, EffectStoreOptions } from './effect-store.ts';

/** `applied_at` is null while somebody works on the key: then the row is only its fence. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS effects (
    key TEXT PRIMARY KEY,
    token BIGINT NOT NULL,
    applied_at BIGINT,
    expires_at BIGINT NOT NULL
  )`,
  'CREATE INDEX IF NOT EXISTS effects_by_expiry ON effects (expires_at)',
];

/** Locks the key's row; gives none for one that is applied already or has a later holder. */
const CLAIM = `
  INSERT INTO effects (key, token, applied_at, expires_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (key) DO UPDATE
    SET token = excluded.token, applied_at = excluded.applied_at, expires_at = excluded.expires_at
    WHERE effects.applied_at IS NULL AND effects.token <= excluded.token
  RETURNING token`;

/** Some with each new one; what another transaction has locked is left to it. */
const PURGE = `
  DELETE FROM effects WHERE key IN (
    SELECT key FROM effects WHERE expires_at <= $1 ORDER BY expires_at LIMIT 4 FOR UPDATE SKIP LOCKED)`;

/**
 * Effects in PostgreSQL: the workers that share them may run on any machine. Statements have parameters `$1`, `$2`, ...
 *
 * @throws {KitError} `address-malformed`, `store-unreachable`, `store-refused`, `storage-full`
 */
export async function openPostgresEffects(
  options: PostgresOptions & Omit<EffectStoreOptions, 'path'>,
): Promise<EffectStore> {
  const transactions = await PostgresTransactions.open(options);
  try {
    await provision(transactions, async (ask) => {
      for (const sql of [...TABLES, ...options.schema]) await ask(sql);
    });
  } catch (error) {
    await transactions.close();
    throw error;
  }
  return new PostgresEffects(transactions, options.idempotencyWindowMs);
}

class PostgresEffects implements EffectStore {
  readonly #transactions: PostgresTransactions;
  readonly #windowMs: number;

  constructor(transactions: PostgresTransactions, windowMs: number) {
    this.#transactions = transactions;
    this.#windowMs = windowMs;
  }

  begin(key: string, token: number): Promise<'fresh' | 'applied'> {
    return this.#transactions.run(async (ask) => {
      const isFree = await this.#claim(ask, key, token, null);
      return isFree ? 'fresh' : 'applied';
    });
  }

  apply(key: string, token: number, effect: Parameters<EffectStore['apply']>[2]): Promise<'applied' | 'duplicate'> {
    return this.#transactions.run(async (ask) => {
      const now = Date.now();
      if (!(await this.#claim(ask, key, token, now))) return 'duplicate';
      for (const { sql, params } of effect) await ask(sql, params);
      await ask(PURGE, [now]);
      return 'applied';
    });
  }

  close(): Promise<void> {
    return this.#transactions.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @returns false when the effect is there already @throws {KitError} `effect-fenced` */
  async #claim(ask: Ask, key: string, token: number, appliedAt: number | null): Promise<boolean> {
    const claimed = await ask(CLAIM, [key, token, appliedAt, Date.now() + this.#windowMs]);
    if (claimed.length > 0) return true;
    const [found] = await ask('SELECT token, applied_at FROM effects WHERE key = $1', [key]);
    if (found?.['applied_at'] !== null) return false;
    throw new KitError('effect-fenced', `a later delivery (${found['token']}) works on ${key}; this one is ${token}`, {
      repair: 'let go of the item',
    });
  }
}
