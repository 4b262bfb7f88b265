import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { endProcess } from './end-process.ts';
import { freePorts } from './free-ports.ts';
import type { Requirement } from './requirement.ts';

/** Where the distribution puts PostgreSQL 15. */
const BINARIES = '/usr/lib/postgresql/15/bin';
const READY_WITHIN_MS = 120_000;
const POLL_MS = 50;

/** For `describeWith`. */
export const postgresRequirement = (): Requirement => ({
  name: 'postgres',
  available: existsSync(join(BINARIES, 'initdb')),
  howToGet: '`.ci/peers/postgres.sh` installs PostgreSQL 15 from the distribution',
});

export interface PostgresServerOptions {
  readonly parameters: Readonly<Record<string, string>>;
  /** Lines of `pg_hba.conf`, after one that lets the superuser in by its socket. */
  readonly access: readonly string[];
}

/** One server on a free port of the loopback, with a certificate of its own and a superuser who comes by a socket. */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #port: number;
  readonly #identity: Identity;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, identity: Identity) {
    this.#folder = folder;
    this.#port = port;
    this.#identity = identity;
  }

  static async start({ parameters, access }: PostgresServerOptions): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-postgres-'));
    const identity = identityOf();
    const run = (command: string, args: readonly string[]) => {
      const { status, stderr } = spawnSync(command, args, { ...identity, cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command} failed:\n${stderr}`);
    };
    await owned(folder, identity);
    const data = join(folder, 'data');
    run(join(BINARIES, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-k']);
    const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
    const subject = ['-subj', '/CN=127.0.0.1', '-days', '1', '-keyout', key, '-out', certificate];
    run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject]);
    const [port = 0] = await freePorts(1);
    const settings = {
      ...parameters,
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: folder,
      ssl: 'on',
      ssl_key_file: key,
      ssl_cert_file: certificate,
    };
    const config = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    await writeFile(join(data, 'postgresql.conf'), config.join(''));
    await writeFile(join(data, 'pg_hba.conf'), ['local all postgres trust', ...access, ''].join('\n'));
    for (const file of ['postgresql.conf', 'pg_hba.conf']) await owned(join(data, file), identity);
    const server = new PostgresServer(folder, port, identity);
    await server.restart();
    return server;
  }

  /** Starts it again with what is in its folder. */
  async restart(): Promise<void> {
    const child = spawn(join(BINARIES, 'postgres'), ['-D', join(this.#folder, 'data')], {
      ...this.#identity,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
    });
    const deadline = performance.now() + READY_WITHIN_MS;
    while (child.exitCode === null && performance.now() < deadline) {
      const ready = await this.ask('select 1').then(
        () => true,
        () => false,
      );
      if (ready) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this[Symbol.asyncDispose]();
    throw new Error(`postgres is not ready:\n${log}`);
  }

  /** Its immediate shutdown, which comes to a crash: nothing is flushed, and the next start recovers from its log. */
  async kill(): Promise<void> {
    await endProcess(this.#process, 'SIGQUIT');
  }

  /** Where a client goes that comes over the network, without a password. */
  url(database = 'postgres', user = 'postgres'): string {
    return `postgres://${user}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Rows of a query of the superuser. */
  ask<Row>(query: string, database = 'postgres'): Promise<readonly Row[]> {
    return this.#query(query, { host: this.#folder, user: 'postgres', database });
  }

  /** Who a client is to the server that comes over the network. */
  async whoIs(user: string, password: string, database: string, tls: boolean): Promise<string | undefined> {
    const ssl = tls ? { rejectUnauthorized: false } : false;
    const config = { host: '127.0.0.1', user, password, database, ssl };
    return (await this.#query<{ readonly who: string }>('select current_user as who', config))[0]?.who;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its fast shutdown; SIGTERM would wait for every client.
    await endProcess(this.#process, 'SIGINT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #query<Row>(query: string, config: ClientConfig): Promise<readonly Row[]> {
    const client = new Client({ ...config, port: this.#port });
    try {
      await client.connect();
      return (await client.query(query)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root: it gets the user that its package made. */
function identityOf(): Identity {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout),
  );
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}

async function owned(path: string, { uid, gid }: Identity): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
