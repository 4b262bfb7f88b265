/** Raised with every change of the tables; a file of a newer version is refused. */
export const LOG_VERSION = 2;

/** Offsets of one partition, of which 2^13 fit into what a number can hold. */
export const PARTITION_SPAN = 2 ** 40;

/** Who writes in transactions under an id. */
const PRODUCERS = 'CREATE TABLE log_producers (id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID';

/** Statements that bring the tables of an older version to the next one, by the older version. */
export const LOG_UPGRADES: Readonly<Record<number, readonly string[]>> = {
  1: [PRODUCERS, 'UPDATE log_store SET version = 2'],
};

/**
 * `place` is a partition's number times its span, plus the offset: one tree, in which the records of a partition lie
 * together and in their order. `compact_key` is there in compacted topics alone.
 */
export const LOG_TABLES: readonly string[] = [
  'CREATE TABLE log_store (version INTEGER PRIMARY KEY)',
  `INSERT INTO log_store (version) VALUES (${LOG_VERSION})`,
  `CREATE TABLE log_topics (
    topic TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    retention_ms INTEGER,
    compacted INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE log_partitions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    first_offset INTEGER NOT NULL DEFAULT 0,
    end_offset INTEGER NOT NULL DEFAULT 0,
    compacted_to INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, partition)
  )`,
  `CREATE TABLE log_records (
    place INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    key TEXT,
    compact_key TEXT,
    headers TEXT,
    value BLOB
  )`,
  'CREATE INDEX log_records_by_key ON log_records (compact_key, place) WHERE compact_key IS NOT NULL',
  `CREATE TABLE log_members (
    group_name TEXT NOT NULL,
    member TEXT NOT NULL,
    topics TEXT NOT NULL,
    lives_until INTEGER NOT NULL,
    PRIMARY KEY (group_name, member)
  ) WITHOUT ROWID`,
  PRODUCERS,
  // heir: who gets the partition when its owner lets go of it.
  `CREATE TABLE log_assignments (
    group_name TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    owner TEXT,
    heir TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    committed INTEGER,
    PRIMARY KEY (group_name, topic, partition)
  ) WITHOUT ROWID`,
];
