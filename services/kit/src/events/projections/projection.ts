import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import type { StoredEvent } from '../event-store/stored-event.ts';

/** The name of a table of this version. */
export type TableOf = (table: string) => string;

/**
 * Tables that follow events. A version that differs in what it writes is built beside the one that readers see, from the
 * first event on; then they see it, by the view that has the name of each table.
 */
export interface Projection {
  readonly name: string;
  /** Raised with every change of its tables or of what is written into them. */
  readonly version: number;
  /** Their names, as readers know them: letters, digits and underscores. */
  readonly tables: readonly string[];
  /** Statements that make them; run at every start, so they say IF NOT EXISTS. */
  readonly schema: (table: TableOf) => readonly string[];
  /** What an event comes to. Statements and not a callback: see docs/adr/0003. */
  readonly project: (event: StoredEvent, table: TableOf) => readonly Statement[];
}

export const tableOf =
  ({ version }: Projection): TableOf =>
  (table) =>
    `${table}_v${version}`;

/** Views by which readers see this version. */
export const viewsOf = (projection: Projection): readonly string[] =>
  projection.tables.flatMap((table) => [
    `DROP VIEW IF EXISTS ${table}`,
    `CREATE VIEW ${table} AS SELECT * FROM ${tableOf(projection)(table)}`,
  ]);

/** @throws {KitError} `record-malformed` for a name that is none in SQL */
export function checkProjection({ name, version, tables }: Projection): void {
  const bad = [name, ...tables].find((text) => !/^[a-z][a-z0-9_]{0,50}$/.test(text));
  if (bad === undefined && Number.isInteger(version) && version > 0) return;
  throw new KitError(
    'record-malformed',
    `projection ${name} of version ${version}: ${bad === undefined ? 'the version' : JSON.stringify(bad)} is malformed`,
    { repair: 'names are of lower case letters, digits and underscores, versions count from 1' },
  );
}
