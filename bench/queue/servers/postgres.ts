import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KitError } from '@penstock/kit';
import { Client, type Pool } from 'pg';
import { freePorts } from '../../../test/helpers/free-ports.ts';
import { ChildServer, serverFolder } from './child-server.ts';

const BINARIES = '/usr/lib/postgresql/15/bin';

export const POSTGRES_SETTINGS = 'fsync on, synchronous_commit on, full_page_writes on, else defaults';

/** The version of PostgreSQL 15 where the distribution puts it; undefined without one. */
export function postgresVersion(): string | undefined {
  if (!existsSync(join(BINARIES, 'initdb'))) return undefined;
  const { stdout } = spawnSync(join(BINARIES, 'postgres'), ['--version'], { encoding: 'utf8' });
  return /[\d.]+/.exec(stdout ?? '')?.[0];
}

/** @throws {KitError} `bus-unreachable` */
export async function startPostgres(): Promise<{ readonly server: ChildServer; readonly url: string }> {
  const folder = await serverFolder('postgres');
  const identity = serverIdentity();
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = randomUUID();
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined)
    for (const path of [folder, passwordFile]) await chown(path, identity.uid, identity.gid);
  const init = [
    '-D',
    data,
    '-U',
    'bench',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-E',
    'UTF8',
    '--no-locale',
  ];
  const made = spawnSync(join(BINARIES, 'initdb'), init, { ...identity, cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new KitError('bus-unreachable', `initdb failed:\n${made.stderr}`);
  const [port = 0] = await freePorts(1);
  const url = `postgres://bench:${password}@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on', 'synchronous_commit=on'];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  // SIGINT is its fast shutdown; SIGTERM would wait for every client.
  const options = { ...identity, cwd: folder, folder, stopSignal: 'SIGINT' } as const;
  const server = await ChildServer.start(join(BINARIES, 'postgres'), args, options, async () => {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return true;
    } finally {
      await client.end();
    }
  });
  return { server, url };
}

/** Of the database that `startPostgres` makes, with its indexes. */
export async function databaseBytes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ readonly bytes: string }>('select pg_database_size(current_database()) as bytes');
  return Number(rows[0]?.bytes);
}

/** PostgreSQL refuses to run as root: it gets the user that its package made. */
function serverIdentity(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout),
  );
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}
