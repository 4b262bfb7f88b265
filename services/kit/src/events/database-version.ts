import { KitError } from '../errors.ts';
import { EVENTS_VERSION } from './schema.ts';

/**
 * @param version undefined where there are no tables
 * @param where names the database, for people
 * @throws {KitError} `store-missing`, `store-mismatch`
 */
export function checkVersion(version: number | undefined, where: string): void {
  if (version === EVENTS_VERSION) return;
  if (version === undefined) throw noEvents(where);
  throw new KitError('store-mismatch', `${where}: events of version ${version}, this program knows ${EVENTS_VERSION}`, {
    repair:
      version > EVENTS_VERSION ? 'run the release that made it, or a newer one' : 'bring its tables to this release',
  });
}

export const noEvents = (where: string, cause?: unknown): KitError =>
  new KitError('store-missing', `${where} holds no events`, {
    repair: 'provision it: `penstock up` does on this machine',
    ...(cause === undefined ? {} : { cause }),
  });
