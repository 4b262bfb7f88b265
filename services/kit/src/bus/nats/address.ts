import { readFile } from 'node:fs/promises';
import { KitError } from '../../errors.ts';
import type { NatsBusOptions } from './connection.ts';

/**
 * Reads `nats://host:port[,host:port][?nkey=<file of a seed>&ca=<file of an authority>]`.
 *
 * @throws {KitError} `address-malformed`
 */
export async function natsOptionsOf(url: string): Promise<NatsBusOptions> {
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
