import { KitError } from '../errors.ts';
import type { Bus, BusAdmin } from './port.ts';

export type * from './port.ts';

// Each driver is loaded only when its scheme is used: a process on SQLite carries no network client.

/**
 * Opens the backbone at an address.
 *
 * @param url `sqlite:/path/to/file` or `nats://host:port[,host:port]`, for NATS with `?nkey=` and the file of a seed
 * and `&ca=` and the file of an authority where the servers ask for them
 * @throws {KitError} `address-malformed`, and as the driver says
 */
export async function openBus(url: string): Promise<Bus> {
  const address = parse(url);
  if (address.scheme === 'sqlite')
    return (await import('./sqlite/sqlite-bus.ts')).openSqliteBus({ path: address.rest });
  const nats = await import('./nats/nats-bus.ts');
  return nats.openNatsBus(await nats.natsOptionsOf(url));
}

/** The infrastructure's part of the same backbone. @throws {KitError} as `openBus` */
export async function openBusAdmin(url: string): Promise<BusAdmin> {
  const address = parse(url);
  if (address.scheme === 'sqlite')
    return (await import('./sqlite/sqlite-bus.ts')).openSqliteBusAdmin({ path: address.rest });
  const nats = await import('./nats/nats-bus.ts');
  return nats.openNatsBusAdmin(await nats.natsOptionsOf(url));
}

function parse(url: string): { readonly scheme: 'sqlite' | 'nats'; readonly rest: string } {
  const colon = url.indexOf(':');
  const scheme = url.slice(0, colon);
  const rest = url.slice(colon + 1);
  if ((scheme === 'sqlite' || scheme === 'nats') && rest !== '') return { scheme, rest };
  throw new KitError(
    'address-malformed',
    `bus address: received ${JSON.stringify(url)}, expected sqlite:/path/to/file or nats://host:port`,
  );
}
