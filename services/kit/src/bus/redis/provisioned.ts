import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { profileDifferences } from '../profile-differences.ts';
import type { RedisConnection } from './connection.ts';
import type { QueueKeys } from './queue-keys.ts';

/** Scripts that say beforehand what they need came with it. */
const OLDEST_VERSION = 7;

/**
 * Holds what is on the server against the profile, and the server's settings against the durability it asks for.
 *
 * @throws {KitError} `queue-missing`, `queue-mismatch`, `bus-refused` for an older server, `bus-unreachable`
 */
export async function checkProvisioned(
  connection: RedisConnection,
  keys: QueueKeys,
  profile: QueueProfile,
): Promise<void> {
  const { stream } = profile;
  const stored = await connection.ask(`queue ${stream}`, ['GET', keys.profile]);
  if (stored === null)
    throw new KitError('queue-missing', `there is no queue ${stream}`, {
      repair: 'provision it: `penstock up` does on this machine',
    });
  const differences = profileDifferences(JSON.parse(String(stored)) as QueueProfile, profile);
  if (differences.length > 0)
    throw new KitError('queue-mismatch', `queue ${stream}: ${differences.join('; ')}`, {
      repair: 'provision it with the same profile',
    });
  await checkServer(connection, profile);
}

/** @throws {KitError} `queue-mismatch`, `bus-refused`, `bus-unreachable` */
export async function checkServer(connection: RedisConnection, profile: QueueProfile): Promise<void> {
  const what = `queue ${profile.stream}`;
  const info = String(await connection.ask(what, ['INFO', 'server']));
  const version = /^redis_version:(\d+)/m.exec(info)?.[1];
  if (Number(version) < OLDEST_VERSION)
    throw new KitError('bus-refused', `the server is of version ${version}, expected ${OLDEST_VERSION} or newer`, {
      repair: 'use Redis 7 or newer, or Valkey',
    });
  if (profile.durability === 'replicated')
    throw new KitError('queue-mismatch', `${what} asks for durability replicated, which Redis does not have`, {
      repair: 'declare fsync or best-effort: Redis copies after it has confirmed; or use NATS',
    });
  const settings = await settingsOf(connection);
  if (settings === undefined) {
    if (profile.durability === 'best-effort') return;
    throw new KitError(
      'queue-mismatch',
      `${what} asks for durability fsync, and the server does not show its settings`,
      {
        repair: 'let this user run CONFIG GET, or declare best-effort',
      },
    );
  }
  const faults = faultsOf(settings, profile);
  if (faults.length === 0) return;
  throw new KitError('queue-mismatch', `${what}: ${faults.join('; ')}`, {
    repair: 'change the settings of the server, or declare what it can keep',
  });
}

/** Undefined where the server keeps them to itself, as managed ones do. */
async function settingsOf(connection: RedisConnection): Promise<ReadonlyMap<string, string> | undefined> {
  const names = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy'];
  try {
    const reply = await connection.ask('settings of the server', ['CONFIG', 'GET', ...names]);
    return new Map(pairsOf(reply));
  } catch (error) {
    if (KitError.is(error, 'bus-refused') || /unknown command/i.test(String(error))) return undefined;
    throw error;
  }
}

/** The client makes an object of the protocol's map, or leaves the list that it is before version 3 of the protocol. */
function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(reply))
    return reply.flatMap((name, index) => (index % 2 === 0 ? [[String(name), String(reply[index + 1])] as const] : []));
  return Object.entries(reply as object).map(([name, value]) => [name, String(value)] as const);
}

function faultsOf(settings: ReadonlyMap<string, string>, { durability }: QueueProfile): readonly string[] {
  const faults: string[] = [];
  const expect = (name: string, expected: string): void => {
    const found = settings.get(name);
    if (found !== expected) faults.push(`${name} is ${found}, expected ${expected}`);
  };
  if (durability === 'fsync') {
    expect('appendonly', 'yes');
    expect('appendfsync', 'always');
  }
  // Any other policy removes items, leases and keys of somebody's queue to make room.
  if (settings.get('maxmemory') !== '0') expect('maxmemory-policy', 'noeviction');
  return faults;
}
