import { KitError } from '../errors.ts';
import { type EffectStore, type EffectStoreOptions, openSqliteEffects } from './effect-store.ts';

/**
 * Opens the effects at an address, and makes their tables.
 *
 * @param url `sqlite:/path/to/file`, or `postgres://user@host:port/database` with `?passwordFile=` and what else
 * PostgreSQL knows
 * @throws {KitError} `address-malformed`, and as the store says
 */
export async function openEffects(url: string, options: Omit<EffectStoreOptions, 'path'>): Promise<EffectStore> {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length)
    return openSqliteEffects({ ...options, path: url.slice('sqlite:'.length) });
  if (/^postgres(ql)?:/.test(url)) {
    const { openPostgresEffects } = await import('./postgres-effects.ts');
    return openPostgresEffects({ ...options, url });
  }
  throw new KitError(
    'address-malformed',
    `effects: received ${JSON.stringify(url)}, expected sqlite:/path/to/file or postgres://host:port/database`,
  );
}
