import { Bytes } from '@penstock/model';
import { ConstructError } from '../errors.ts';

export interface PostgresDatabase {
  /** Transactions that its service has open at once, over all of its replicas. */
  readonly connections: number;
  /** Secret of type `kubernetes.io/basic-auth`: `username` is the name of the database, `password` its owner's. */
  readonly passwordSecret: string;
  /**
   * A second role, `<name>_changes`, that reads what is committed, e.g. to an outbox, from a slot that survives a
   * failover; its Secret is of the same type. @default - nobody does
   */
  readonly changeFeed?: { readonly passwordSecret: string };
}

export type PostgresDatabases = Readonly<Record<string, PostgresDatabase>>;

export interface PostgresSizing {
  /** For messages. */
  readonly name: string;
  readonly databases: PostgresDatabases;
  readonly instances: number;
  /** Replicas of the pooler; none without one. */
  readonly poolers: number;
  /** Of each instance. */
  readonly memory: Bytes;
  /** Of each instance's write-ahead log. */
  readonly wal: Bytes;
}

const MEBIBYTE = 1_048_576;
/** For a migration and a person, beside a full pool. */
const DIRECT = 5;
/** For one consumer of changes that takes its first snapshot. */
export const FEED_CONNECTIONS = 4;
/** For the operator, the exporter, the pooler's own questions and three superusers. */
const RESERVED = 20;
/** For backups, and for standbys that come anew while the old ones are not given up yet. */
const SPARE_SENDERS = 4;
/** Of the memory: the usual quarter for the buffers, a quarter for sorts if every connection has one, the rest the page cache's. */
const BUFFER_SHARE = 0.25;
const WORK_SHARE = 0.25;
const MAINTENANCE_SHARE = 1 / 16;
const LEAST_WORK = Bytes.parse('1 MiB');
/** Of the log's volume: between checkpoints, and for who has not read yet; the rest is for an archive that is away. */
const CHECKPOINT_SHARE = 0.25;
const SLOT_SHARE = 0.5;
/** Half a gibibyte is kept for standbys whatever else is. */
const LEAST_WAL = Bytes.parse('4 GiB');

/** Server connections of one replica of the pooler for one database: any may need as many as the busiest. */
export const poolSize = (databases: PostgresDatabases, poolers: number): number =>
  Math.ceil(Math.max(0, ...Object.values(databases).map(({ connections }) => connections)) / poolers);

/** Connections that the owner of a database may have. */
export const ownerLimit = (database: PostgresDatabase, { databases, poolers }: PostgresSizing): number =>
  DIRECT + (poolers > 0 ? poolers * poolSize(databases, poolers) : database.connections);

const feedsOf = (databases: PostgresDatabases): number =>
  Object.values(databases).filter(({ changeFeed }) => changeFeed !== undefined).length;

/** True when somebody reads changes. */
export const hasFeeds = (databases: PostgresDatabases): boolean => feedsOf(databases) > 0;

/** Log that a reader of changes may leave unread before its slot is given up. */
export const feedBacklog = (wal: Bytes): Bytes => Bytes.of(Math.floor(wal.bytes * SLOT_SHARE));

/**
 * The parameters that follow from what is declared.
 *
 * @throws {ConstructError} `resources-too-small`
 */
export function postgresParameters(sizing: PostgresSizing): Readonly<Record<string, string>> {
  const { databases, instances, memory, wal } = sizing;
  const feeds = feedsOf(databases);
  const owners = Object.values(databases).reduce((sum, database) => sum + ownerLimit(database, sizing), 0);
  const connections = owners + feeds * FEED_CONNECTIONS + RESERVED;
  const work = Math.floor((memory.bytes * WORK_SHARE) / connections / MEBIBYTE);
  if (work * MEBIBYTE < LEAST_WORK.bytes) {
    tooSmall(
      sizing,
      `${memory} of memory for ${connections} connections, expected at least ${leastMemory(connections)}`,
    );
  }
  if (wal.bytes < LEAST_WAL.bytes) tooSmall(sizing, `${wal} for the write-ahead log, expected at least ${LEAST_WAL}`);
  return {
    max_connections: String(connections),
    shared_buffers: megabytes(memory.bytes * BUFFER_SHARE),
    effective_cache_size: megabytes(memory.bytes * (1 - BUFFER_SHARE)),
    work_mem: `${work}MB`,
    maintenance_work_mem: megabytes(memory.bytes * MAINTENANCE_SHARE),
    max_wal_size: megabytes(wal.bytes * CHECKPOINT_SHARE),
    // Better a reader that has to begin anew than a primary whose disk is full.
    max_slot_wal_keep_size: megabytes(feedBacklog(wal).bytes),
    max_wal_senders: String(instances - 1 + SPARE_SENDERS + feeds),
    checkpoint_timeout: '15min',
    // Volumes are solid state: a page out of order costs about what the next one does.
    random_page_cost: '1.1',
    // A transaction that somebody forgot holds its locks, its connection of the pool and the vacuum of every table.
    idle_in_transaction_session_timeout: '5min',
    log_min_duration_statement: '1s',
    log_lock_waits: 'on',
    track_io_timing: 'on',
    ...(feeds > 0
      ? { wal_level: 'logical', sync_replication_slots: 'on', hot_standby_feedback: 'on' }
      : { wal_level: 'replica' }),
  };
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / MEBIBYTE)}MB`;

const leastMemory = (connections: number): Bytes => Bytes.of((connections * LEAST_WORK.bytes) / WORK_SHARE);

function tooSmall({ name }: PostgresSizing, message: string): never {
  throw new ConstructError('resources-too-small', `PostgreSQL cluster ${name}`, `received ${message}`);
}

/** Name of the role that reads the changes of a database. */
export const feedRole = (database: string): string => `${database}_changes`;

/**
 * Who may connect, after the operator's own rules and before its last one, which lets everybody in: each role to its own
 * database, by TLS and its password, and nobody else to any.
 */
export const postgresAccess = (databases: PostgresDatabases): readonly string[] => [
  ...Object.entries(databases).flatMap(([name, { changeFeed }]) =>
    [name, ...(changeFeed === undefined ? [] : [feedRole(name)])].map(
      (role) => `hostssl "${name}" "${role}" all scram-sha-256`,
    ),
  ),
  'host all all all reject',
];
