import { KitError } from '../errors.ts';
import { JOBS_VERSION } from './schema.ts';

/**
 * @param version undefined where there are no tables
 * @param where names the store, for people
 * @throws {KitError} `store-missing`, `store-mismatch`
 */
export function checkVersion(version: number | undefined, where: string): void {
  if (version === JOBS_VERSION) return;
  if (version === undefined) throw storeMissing(where);
  throw new KitError('store-mismatch', `${where}: jobs of version ${version}, this program knows ${JOBS_VERSION}`, {
    repair:
      version > JOBS_VERSION ? 'run the release that made it, or a newer one' : 'bring its tables to this release',
  });
}

export const storeMissing = (where: string, cause?: unknown): KitError =>
  new KitError('store-missing', `${where} holds no jobs`, {
    repair: 'provision it: `penstock up` does on this machine',
    ...(cause === undefined ? {} : { cause }),
  });
