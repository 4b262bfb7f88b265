import { readFile } from 'node:fs/promises';
import { KitError } from '../errors.ts';
import type { NatsBusOptions } from './nats/connection.ts';
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
  return (await import('./nats/nats-bus.ts')).openNatsBus(await natsOptions(url));
}

/** The infrastructure's part of the same backbone. @throws {KitError} as `openBus` */
export async function openBusAdmin(url: string): Promise<BusAdmin> {
  const address = parse(url);
  if (address.scheme === 'sqlite')
    return (await import('./sqlite/sqlite-bus.ts')).openSqliteBusAdmin({ path: address.rest });
  return (await import('./nats/nats-bus.ts')).openNatsBusAdmin(await natsOptions(url));
}

/** @throws {KitError} `address-malformed` */
async function natsOptions(url: string): Promise<NatsBusOptions> {
  const [servers = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].filter((key) => key !== 'nkey' && key !== 'ca');
  if (unknown.length > 0) {
    const message = `bus address: received the parameters ${unknown.join(', ')}, expected nkey or ca`;
    throw new KitError('address-malformed', message);
  }
  const seedFile = parameters.get('nkey');
  const caFile = parameters.get('ca');
  return {
    servers,
    ...(seedFile === null ? {} : { credentials: { kind: 'nkey', seed: await seedIn(seedFile) } }),
    ...(caFile === null ? {} : { caFile }),
  };
}

/** @throws {KitError} `address-malformed` */
async function seedIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new KitError('address-malformed', `bus address: the seed cannot be read from ${file}`, { cause: error });
  }
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
