import { KitError } from '../../errors.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { row, rows, type Script, tell } from '../../sql/script.ts';
import type {
  ExpectedVersion,
  Place,
  Snapshot,
  StoredEvent,
  StreamAppend,
  StreamReceipt,
} from '../event-store/stored-event.ts';
import { append } from './outbox.ts';

interface EventRow {
  readonly position: number;
  readonly tx: number;
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly headers: string | null;
  readonly appended_at: number;
}

const COLUMNS = 'position, tx, stream, version, id, type, payload, headers, appended_at';

/**
 * Puts events behind those of a stream, with what is written and told with them. One whose events are there already, as
 * its first run was not heard of, comes to the same.
 *
 * @throws {KitError} `stream-conflict` when the version is not the expected one; `record-malformed` without events
 */
export function* appendToStream(
  { stream, expected, events, statements = [], publish = [] }: StreamAppend,
  now: number,
): Script<StreamReceipt> {
  const [first] = events;
  if (first === undefined || stream === '')
    throw new KitError('record-malformed', `an append to stream ${JSON.stringify(stream)} of ${events.length} events`, {
      repair: 'name the stream, and append at least one event',
    });
  const version = yield* advance(stream, expected, events.length);
  if (version === undefined) return yield* sameAgain(stream, expected, events);
  if (expected === 'any' || expected === 'exists') {
    const known = yield* row('SELECT 1 AS known FROM event_records WHERE stream = $1 AND id = $2', [stream, first.id]);
    if (known !== undefined) {
      yield* tell('UPDATE event_streams SET version = version - $2 WHERE stream = $1', [stream, events.length]);
      return yield* sameAgain(stream, expected, events);
    }
  }
  let place: Place | undefined;
  for (const [index, { id, type, payload, headers }] of events.entries())
    place = yield* row<Place>(
      `INSERT INTO event_records (stream, version, id, type, payload, headers, appended_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING tx, position`,
      [
        stream,
        version - events.length + index + 1,
        id,
        type,
        payload,
        headers === undefined ? null : JSON.stringify(headers),
        now,
      ],
    );
  for (const { sql, params } of statements) yield* tell(sql, params);
  yield* append(publish, now);
  return { version, place: place as Place };
}

/** Locks the stream until the transaction ends. @returns its new version, or nothing when it is not the expected one */
function* advance(stream: string, expected: ExpectedVersion, by: number): Script<number | undefined> {
  const advanced =
    expected === 0
      ? yield* row<{ readonly version: number }>(
          `INSERT INTO event_streams (stream, version) VALUES ($1, $2) ON CONFLICT (stream) DO NOTHING
           RETURNING version`,
          [stream, by],
        )
      : expected === 'any'
        ? yield* row<{ readonly version: number }>(
            `INSERT INTO event_streams (stream, version) VALUES ($1, $2)
             ON CONFLICT (stream) DO UPDATE SET version = event_streams.version + $2 RETURNING version`,
            [stream, by],
          )
        : yield* row<{ readonly version: number }>(
            `UPDATE event_streams SET version = version + $2 WHERE stream = $1 AND ($3 < 0 OR version = $3)
             RETURNING version`,
            [stream, by, expected === 'exists' ? -1 : expected],
          );
  return advanced?.version;
}

/** @throws {KitError} `stream-conflict` unless these very events are there */
function* sameAgain(stream: string, expected: ExpectedVersion, events: StreamAppend['events']): Script<StreamReceipt> {
  const found = yield* rows<EventRow>(
    `SELECT ${COLUMNS} FROM event_records WHERE stream = $1 AND version >=
       (SELECT version FROM event_records WHERE stream = $1 AND id = $2) ORDER BY version LIMIT $3`,
    [stream, events[0]?.id ?? '', events.length],
  );
  const last = found.at(-1);
  const isSame = events.length === found.length && events.every(({ id }, index) => found[index]?.id === id);
  const isExpected = typeof expected !== 'number' || found[0]?.version === expected + 1;
  if (last !== undefined && isSame && isExpected)
    return { version: last.version, place: { tx: last.tx, position: last.position } };
  const actual = yield* row<{ readonly version: number }>('SELECT version FROM event_streams WHERE stream = $1', [
    stream,
  ]);
  throw new KitError(
    'stream-conflict',
    `stream ${stream} is at version ${actual?.version ?? 0}, expected ${expected}`,
    { repair: 'read it again, decide again, and append to the version that was read' },
  );
}

/** Of one stream, from a version on. */
export function* readStream(stream: string, from: number, limit: number): Script<readonly StoredEvent[]> {
  const found = yield* rows<EventRow>(
    `SELECT ${COLUMNS} FROM event_records WHERE stream = $1 AND version >= $2 ORDER BY version LIMIT $3`,
    [stream, from, limit],
  );
  return found.map(eventOf);
}

/** Of all streams, behind a place. What an open transaction may still come before is not shown yet. */
export function* readAll(dialect: Dialect, { tx, position }: Place, limit: number): Script<readonly StoredEvent[]> {
  const found = yield* rows<EventRow>(
    dialect === 'postgres'
      ? `SELECT ${COLUMNS} FROM event_records WHERE (tx, position) > ($1, $2)
           AND tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY tx, position LIMIT $3`
      : `SELECT ${COLUMNS} FROM event_records WHERE position > $2 AND tx >= $1 ORDER BY position LIMIT $3`,
    [tx, position, limit],
  );
  return found.map(eventOf);
}

/** @param shape of the state: one that the reader does not know is as none */
export function* readSnapshot(stream: string, shape: number): Script<Snapshot | undefined> {
  return yield* row<Snapshot & Record<'version', number>>(
    'SELECT version, state FROM event_snapshots WHERE stream = $1 AND shape = $2',
    [stream, shape],
  );
}

/** Keeps the newest. */
export function* writeSnapshot(stream: string, shape: number, { version, state }: Snapshot): Script<void> {
  yield* tell(
    `INSERT INTO event_snapshots (stream, version, shape, state) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stream) DO UPDATE SET version = excluded.version, shape = excluded.shape, state = excluded.state
       WHERE event_snapshots.shape < excluded.shape
         OR (event_snapshots.shape = excluded.shape AND event_snapshots.version < excluded.version)`,
    [stream, version, shape, state],
  );
}

const eventOf = ({ position, tx, headers, appended_at, ...event }: EventRow): StoredEvent => ({
  ...event,
  ...(headers === null ? {} : { headers: JSON.parse(headers) as Record<string, string> }),
  place: { tx, position },
  appendedAt: appended_at,
});

/** 0 when there is none. */
export function* streamVersion(stream: string): Script<number> {
  const found = yield* row<{ readonly version: number }>('SELECT version FROM event_streams WHERE stream = $1', [
    stream,
  ]);
  return found?.version ?? 0;
}
