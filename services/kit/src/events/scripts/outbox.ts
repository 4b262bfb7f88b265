import { KitError } from '../../errors.ts';
import { row, rows, type Script, tell } from '../../sql/script.ts';
import type { OutboxEvent, WaitingEvent } from '../outbox/outbox-event.ts';
import { checkLead, type Lead, noteIdle } from './lead.ts';

/** Events of a list that one statement names; a list is filled up, so that there are few texts. */
const LIST_SIZES = [1, 16, 128, 1_000] as const;

interface OutboxRow {
  readonly seq: number;
  readonly id: string;
  readonly aggregatetype: string;
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: Uint8Array | null;
  readonly headers: string | null;
  readonly created_at: number;
}

/** @throws {KitError} `record-malformed` */
export function checkEvents(events: readonly OutboxEvent[]): void {
  for (const { id, aggregateType, aggregateId, type } of events)
    for (const [name, text] of Object.entries({ id, aggregateType, aggregateId, type }))
      if (text === '')
        throw new KitError('record-malformed', `event ${id}: ${name} is empty`, {
          repair: 'readers and routers go by it: name it',
        });
}

/** Puts events into the outbox. One that lies there already stays as it is. */
export function* append(events: readonly OutboxEvent[], now: number): Script<void> {
  checkEvents(events);
  for (const { id, aggregateType, aggregateId, type, payload, headers } of events)
    yield* tell(
      `INSERT INTO event_outbox (id, aggregatetype, aggregateid, type, payload, headers, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
      [id, aggregateType, aggregateId, type, payload, headers === undefined ? null : JSON.stringify(headers), now],
    );
}

/** What became of the events that a relay took. */
export interface RelayedEvents {
  readonly published: readonly number[];
  readonly refused: readonly { readonly seq: number; readonly reason: string }[];
}

/**
 * Takes out of the outbox what the log has, and gives what is next. The events of an aggregate of which one was refused
 * stay, so that none overtakes it.
 *
 * @throws {KitError} `lead-lost`
 */
export function* relayOn(
  lead: Lead,
  { published, refused }: RelayedEvents,
  limit: number,
): Script<readonly WaitingEvent[]> {
  // Not locked: what one that led before it has published is in the log, whoever takes it out.
  yield* checkLead(lead);
  yield* remove(published);
  for (const { seq, reason } of refused)
    yield* tell('UPDATE event_outbox SET refused = $2 WHERE seq = $1', [seq, reason]);
  const found = yield* next(limit);
  // Whoever appends tells a relay that is idle; one that is at work looks by itself.
  yield* noteIdle(lead, found.length === 0);
  return found;
}

function* next(limit: number): Script<readonly WaitingEvent[]> {
  const found = yield* rows<OutboxRow>(
    `SELECT seq, id, aggregatetype, aggregateid, type, payload, headers, created_at FROM event_outbox waiting
     WHERE NOT EXISTS (SELECT 1 FROM event_outbox held WHERE held.refused IS NOT NULL
       AND held.aggregatetype = waiting.aggregatetype AND held.aggregateid = waiting.aggregateid)
     ORDER BY seq LIMIT $1`,
    [limit],
  );
  return found.map(({ seq, id, aggregatetype, aggregateid, type, payload, headers, created_at }) => ({
    seq,
    id,
    aggregateType: aggregatetype,
    aggregateId: aggregateid,
    type,
    payload,
    ...(headers === null ? {} : { headers: JSON.parse(headers) as Record<string, string> }),
    createdAt: created_at,
  }));
}

function* remove(seqs: readonly number[]): Script<void> {
  for (let at = 0; at < seqs.length; ) {
    const left = seqs.length - at;
    const size = LIST_SIZES.find((fits) => fits >= left) ?? (LIST_SIZES.at(-1) as number);
    const some = seqs.slice(at, at + size);
    const list = Array.from({ length: size }, (_, index) => `$${index + 1}`).join(', ');
    const filled = Array.from({ length: size }, (_, index) => some[index] ?? (some[0] as number));
    yield* tell(`DELETE FROM event_outbox WHERE seq IN (${list})`, filled);
    at += some.length;
  }
}

/** How much waits, and for how long. */
export interface OutboxMeasure {
  readonly waiting: number;
  readonly refused: number;
  /** Milliseconds since the epoch; undefined when nothing waits. */
  readonly oldestAt: number | undefined;
}

export function* measureOutbox(): Script<OutboxMeasure> {
  const measured = yield* row<{ readonly waiting: number; readonly refused: number; readonly oldest: number | null }>(
    `SELECT count(*) AS waiting, count(refused) AS refused, min(created_at) AS oldest FROM event_outbox`,
  );
  return {
    waiting: measured?.waiting ?? 0,
    refused: measured?.refused ?? 0,
    oldestAt: measured?.oldest ?? undefined,
  };
}

export interface RefusedEvent {
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly reason: string;
}

/** What the log would not take, oldest first. */
export function* listRefused(limit: number): Script<readonly RefusedEvent[]> {
  return yield* rows<RefusedEvent>(
    `SELECT id, aggregatetype AS "aggregateType", aggregateid AS "aggregateId", type, refused AS reason
     FROM event_outbox WHERE refused IS NOT NULL ORDER BY seq LIMIT $1`,
    [limit],
  );
}

/** Lets the relay try again what the log would not take, and all that waits behind it. @returns how many */
export function* retryRefused(): Script<number> {
  const retried = yield* rows(
    'UPDATE event_outbox SET refused = NULL WHERE refused IS NOT NULL RETURNING 1 AS retried',
  );
  return retried.length;
}
