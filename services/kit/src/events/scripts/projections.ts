import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import { row, rows, type Script, tell } from '../../sql/script.ts';
import type { Place } from '../event-store/stored-event.ts';
import { holdLead, type Lead } from './lead.ts';

/** How far one version of a projection is. */
export interface Checkpoint {
  readonly name: string;
  readonly version: number;
  /** Readers see this one: 1 or 0. */
  readonly isActive: number;
  readonly place: Place;
}

interface CheckpointRow {
  readonly name: string;
  readonly version: number;
  readonly isActive: number;
  readonly tx: number;
  readonly position: number;
}

const COLUMNS = 'name, version, is_active AS "isActive", tx, position';

const checkpointOf = ({ tx, position, ...checkpoint }: CheckpointRow): Checkpoint => ({
  ...checkpoint,
  place: { tx, position },
});

/**
 * Makes the tables of a version that is new; the first version of a projection is the one that readers see.
 *
 * @param views point readers at the tables of this version
 */
export function* registerProjection(
  name: string,
  version: number,
  tables: readonly string[],
  views: readonly string[],
): Script<Checkpoint> {
  yield* rows('INSERT INTO event_projections (name, version) VALUES ($1, $2) ON CONFLICT (name, version) DO NOTHING', [
    name,
    version,
  ]);
  for (const sql of tables) yield* rows(sql);
  const active = yield* row('SELECT 1 AS found FROM event_projections WHERE name = $1 AND is_active = 1', [name]);
  if (active === undefined) yield* point(name, version, views);
  return (yield* checkpoint(name, version)) as Checkpoint;
}

export function* checkpoint(name: string, version: number): Script<Checkpoint | undefined> {
  const found = yield* row<CheckpointRow>(`SELECT ${COLUMNS} FROM event_projections WHERE name = $1 AND version = $2`, [
    name,
    version,
  ]);
  return found === undefined ? undefined : checkpointOf(found);
}

/** Every version of every projection. */
export function* checkpoints(): Script<readonly Checkpoint[]> {
  return (yield* rows<CheckpointRow>(`SELECT ${COLUMNS} FROM event_projections ORDER BY name, version`)).map(
    checkpointOf,
  );
}

/**
 * Writes what events come to, and that they were, in one transaction: each has its effect once.
 *
 * @throws {KitError} `lead-lost` when another process projects, or was meanwhile
 */
export function* projectOn(
  lead: Lead,
  name: string,
  version: number,
  from: Place,
  to: Place,
  statements: readonly Statement[],
): Script<void> {
  yield* holdLead(lead);
  const moved = yield* row(
    `UPDATE event_projections SET tx = $5, position = $6
     WHERE name = $1 AND version = $2 AND tx = $3 AND position = $4 RETURNING 1 AS moved`,
    [name, version, from.tx, from.position, to.tx, to.position],
  );
  if (moved === undefined)
    throw new KitError('lead-lost', `projection ${name} of version ${version} was moved by another process`, {
      repair: 'read its checkpoint again',
    });
  for (const { sql, params } of statements) yield* tell(sql, params);
}

/**
 * Lets readers see a version, unless they would go back in time.
 *
 * @returns whether they do
 */
export function* activateProjection(name: string, version: number, views: readonly string[]): Script<boolean> {
  const ready = yield* row(
    `UPDATE event_projections SET is_active = is_active WHERE name = $1 AND version = $2 AND NOT EXISTS (
       SELECT 1 FROM event_projections active WHERE active.name = $1 AND active.is_active = 1
         AND (active.tx > event_projections.tx
           OR (active.tx = event_projections.tx AND active.position > event_projections.position)))
     RETURNING 1 AS ready`,
    [name, version],
  );
  if (ready === undefined) return false;
  yield* point(name, version, views);
  return true;
}

/** Takes away a version that no reader sees. @throws {KitError} `projection-active` */
export function* retireProjection(name: string, version: number, tables: readonly string[]): Script<void> {
  const active = yield* row(
    'SELECT 1 AS found FROM event_projections WHERE name = $1 AND version = $2 AND is_active = 1',
    [name, version],
  );
  if (active !== undefined)
    throw new KitError('projection-active', `projection ${name} of version ${version} is what readers see`, {
      repair: 'let them see another version first',
    });
  yield* rows('DELETE FROM event_projections WHERE name = $1 AND version = $2', [name, version]);
  for (const table of tables) yield* rows(`DROP TABLE IF EXISTS ${table}`);
}

function* point(name: string, version: number, views: readonly string[]): Script<void> {
  yield* rows('UPDATE event_projections SET is_active = CASE WHEN version = $2 THEN 1 ELSE 0 END WHERE name = $1', [
    name,
    version,
  ]);
  for (const sql of views) yield* rows(sql);
}
