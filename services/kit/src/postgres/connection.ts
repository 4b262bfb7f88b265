import { readFile } from 'node:fs/promises';
import type { PoolConfig } from 'pg';
import type { SqlValue } from '../effects/effect-store.ts';
import { KitError } from '../errors.ts';

export interface PostgresOptions {
  /** `postgres://user@host:port/database`, with `?passwordFile=` and what else PostgreSQL knows. */
  readonly url: string;
  /** Transactions at once at most. @default 8 */
  readonly connections?: number;
}

const DEFAULT_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that answers nothing for so long is gone, whatever the connection says. */
const ANSWER_TIMEOUT_MS = 30_000;
/** A process that was stopped in the middle of a transaction must not keep its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** A client of `pg`, the caller's own or one of ours, as far as it is needed. */
export interface PostgresClient {
  query(config: {
    readonly text: string;
    readonly values: SqlValue[];
    readonly types: RowTypes;
    readonly name?: string;
  }): Promise<{ readonly rows: unknown[] }>;
}

export type PostgresRow = Readonly<Record<string, SqlValue>>;
/** Asks for rows, with parameters `$1`, `$2`, ... */
export type Ask = (sql: string, params?: readonly SqlValue[]) => Promise<readonly PostgresRow[]>;
/** Sends a statement whose answer nobody awaits; when it fails, so does the transaction. */
export type Tell = (sql: string, params?: readonly SqlValue[]) => void;

const INTEGERS = [20, 21, 23, 26];
const FLOATS = [700, 701];
const NUMERIC = 1700;
const BYTEA = 17;
const BOOLEAN = 16;

export interface RowTypes {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => SqlValue;
}

/** Rows as SQLite gives them: whole numbers as `number`, bytes as `Uint8Array`, truth as 0 or 1, all else as text. */
const ROW_TYPES: RowTypes = {
  getTypeParser(oid) {
    if (INTEGERS.includes(oid) || FLOATS.includes(oid)) return Number;
    if (oid === NUMERIC) return (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
    if (oid === BOOLEAN) return (text) => (text === 't' ? 1 : 0);
    if (oid === BYTEA) return bytesOf;
    return (text) => text;
  },
};

function bytesOf(text: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(text.slice('\\x'.length), 'hex');
  return new Uint8Array(buffer, byteOffset, length);
}

/** So many texts are prepared on a connection, for as long as it lives; effects may bring more. */
const MOST_PREPARED = 200;
const names = new Map<string, string>();

function nameOf(sql: string): string | undefined {
  const known = names.get(sql);
  if (known !== undefined || names.size >= MOST_PREPARED) return known;
  const name = `penstock_${names.size}`;
  names.set(sql, name);
  return name;
}

/** @param isOurs a connection of the caller's is not filled with prepared statements of ours */
export function askingOf(client: PostgresClient, isOurs: boolean): Ask {
  return async (sql, params = []) => {
    // What has no values is told once, and may be several statements.
    const name = isOurs && params.length > 0 ? nameOf(sql) : undefined;
    const query = { text: sql, values: [...params], types: ROW_TYPES };
    return (await client.query(name === undefined ? query : { ...query, name })).rows as PostgresRow[];
  };
}

/** @throws {KitError} `address-malformed` */
export async function configOf({ url, connections }: PostgresOptions): Promise<PoolConfig> {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined)
    throw new KitError('address-malformed', 'PostgreSQL: expected postgres://user@host:port/database');
  const passwordFile = address.searchParams.get('passwordFile');
  if (passwordFile !== null) {
    address.searchParams.delete('passwordFile');
    address.password = encodeURIComponent(await secretOf(passwordFile));
  }
  return {
    connectionString: address.href,
    max: connections ?? DEFAULT_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    application_name: 'penstock',
    keepAlive: true,
    // A transaction's first statement goes out with its beginning.
    pipeline: true,
  };
}

async function secretOf(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new KitError('address-malformed', `PostgreSQL: cannot read passwordFile ${path}`, { cause });
  }
}
