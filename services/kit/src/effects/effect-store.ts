import { StoreClient } from '../sqlite/store-client.ts';

// Effectively once: delivery is at least once, so the effect has to know whether it was there before. The store keeps
// the key of every applied effect in the same transaction as the effect itself, and refuses a worker that is late.

/** A value that SQLite and PostgreSQL can bind. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/**
 * One write of an effect. Statements and not a callback: they cross to the thread that owns the file, where the effects
 * of many items share one transaction and one fsync.
 */
export interface Statement {
  /** With parameters `$1`, `$2`, ... */
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface EffectStoreOptions {
  /** The file, on a local disk. Several processes may have it open. */
  readonly path: string;
  /** How long the key of an applied effect is remembered. */
  readonly idempotencyWindowMs: number;
  /** Statements that make the effect's own tables; run at every start, so they say IF NOT EXISTS. */
  readonly schema: readonly string[];
}

export interface EffectStore extends AsyncDisposable {
  /**
   * Announces that the holder of `token` begins to work on `key`: every earlier token is fenced off from here on.
   *
   * @returns `applied` when the effect is there already: there is nothing to do but to ack
   * @throws {KitError} `effect-fenced` when a later token has begun before
   */
  begin(key: string, token: number): Promise<'fresh' | 'applied'>;
  /**
   * Runs the statements and remembers the key in one transaction, at most once for a key within the window.
   *
   * @returns `duplicate` when the effect was there already and nothing was written
   * @throws {KitError} `effect-fenced` when a later token has begun; `storage-full`, `storage-failed`
   */
  apply(key: string, token: number, effect: readonly Statement[]): Promise<'applied' | 'duplicate'>;
  close(): Promise<void>;
}

export type EffectOperation =
  | { readonly kind: 'begin'; readonly key: string; readonly token: number }
  | { readonly kind: 'apply'; readonly key: string; readonly token: number; readonly effect: readonly Statement[] };

export type EffectResult = 'fresh' | 'applied' | 'duplicate';

/** @throws {KitError} `storage-corrupt`, `storage-full`, `storage-failed` */
export async function openSqliteEffects(options: EffectStoreOptions): Promise<EffectStore> {
  const store = await StoreClient.open<EffectOperation, EffectResult>(new URL('./thread.ts', import.meta.url), options);
  return {
    begin: async (key, token) => (await store.request({ kind: 'begin', key, token })) as 'fresh' | 'applied',
    apply: async (key, token, effect) =>
      (await store.request({ kind: 'apply', key, token, effect })) as 'applied' | 'duplicate',
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
