import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import { row, rows, type Script, tell } from '../../sql/script.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';
import type { SagaEntry, SagaMail, SagaRecord, SagaStatus } from '../sagas/saga-record.ts';
import { holdLead, type Lead } from './lead.ts';
import { append } from './outbox.ts';

const RECORD = `saga, id, definition, status, step, direction, attempt, due_at AS "dueAt", version, state, correlation,
  reason, started_at AS "startedAt", updated_at AS "updatedAt"`;
const MAIL = 'seq, id, message, step, direction, type, payload, correlation';

/** A message for a saga, as it is written in the transaction of the inbox. */
export const mailStatement = (saga: string, mail: Omit<SagaMail, 'seq'>): Statement => ({
  sql: `INSERT INTO event_saga_mail (saga, id, message, step, direction, type, payload, correlation)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  params: [saga, mail.id, mail.message, mail.step, mail.direction, mail.type, mail.payload, mail.correlation],
});

/** What the sagas of one definition have to act on. */
export interface SagaWork {
  readonly mail: readonly SagaMail[];
  /** Those whose time is over, and those that mail is for. */
  readonly records: readonly SagaRecord[];
  /** When the next time is over; undefined when none is waited for. */
  readonly nextDueAt: number | undefined;
}

export function* sagaWork(saga: string, now: number, limit: number): Script<SagaWork> {
  const mail = yield* rows<SagaMail>(
    `SELECT ${MAIL} FROM event_saga_mail WHERE saga = $1 AND refused IS NULL ORDER BY seq LIMIT $2`,
    [saga, limit],
  );
  const due = yield* rows<SagaRecord>(
    `SELECT ${RECORD} FROM event_sagas WHERE saga = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3`,
    [saga, now, limit],
  );
  const records = new Map(due.map((record) => [record.id, record]));
  for (const { id } of mail) {
    if (records.has(id)) continue;
    const found = yield* row<SagaRecord>(`SELECT ${RECORD} FROM event_sagas WHERE saga = $1 AND id = $2`, [saga, id]);
    if (found !== undefined) records.set(id, found);
  }
  const next = yield* row<{ readonly at: number | null }>(
    'SELECT min(due_at) AS at FROM event_sagas WHERE saga = $1 AND due_at > $2',
    [saga, now],
  );
  return { mail, records: [...records.values()], nextDueAt: next?.at ?? undefined };
}

/** What became of mail, and of the sagas that it was for. */
export interface SagaTurn {
  /** Each saga that moved, once, with the version that it had: 0 where it is new. */
  readonly moved: readonly { readonly from: number; readonly record: SagaRecord }[];
  readonly entries: readonly (SagaEntry & { readonly id: string })[];
  readonly events: readonly OutboxEvent[];
  readonly done: readonly number[];
  readonly refused: readonly { readonly seq: number; readonly reason: string }[];
}

/**
 * Moves sagas: where they are, what they ask, and that their mail is done are one transaction.
 *
 * @throws {KitError} `lead-lost`; `saga-moved` when somebody else moved one of them meanwhile
 */
export function* moveSagas(lead: Lead, saga: string, turn: SagaTurn, now: number): Script<void> {
  yield* holdLead(lead);
  for (const { from, record } of turn.moved) {
    const written = yield* from === 0 ? insert(record) : update(from, record);
    if (written === undefined) throw moved(saga, record.id);
  }
  for (const entry of turn.entries) yield* note(saga, entry.id, entry);
  for (const seq of turn.done) yield* tell('DELETE FROM event_saga_mail WHERE seq = $1', [seq]);
  for (const { seq, reason } of turn.refused)
    yield* tell('UPDATE event_saga_mail SET refused = $2 WHERE seq = $1', [seq, reason]);
  yield* append(turn.events, now);
}

const insert = (record: SagaRecord) =>
  row(
    `INSERT INTO event_sagas (saga, id, definition, status, step, direction, attempt, due_at, version, state,
       correlation, reason, started_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (saga, id) DO NOTHING RETURNING 1 AS written`,
    [
      record.saga,
      record.id,
      record.definition,
      record.status,
      record.step,
      record.direction,
      record.attempt,
      record.dueAt,
      record.version,
      record.state,
      record.correlation,
      record.reason,
      record.startedAt,
      record.updatedAt,
    ],
  );

const update = (from: number, record: SagaRecord) =>
  row(
    `UPDATE event_sagas SET status = $4, step = $5, direction = $6, attempt = $7, due_at = $8, version = $9,
       state = $10, reason = $11, updated_at = $12
     WHERE saga = $1 AND id = $2 AND version = $3 RETURNING 1 AS written`,
    [
      record.saga,
      record.id,
      from,
      record.status,
      record.step,
      record.direction,
      record.attempt,
      record.dueAt,
      record.version,
      record.state,
      record.reason,
      record.updatedAt,
    ],
  );

function* note(saga: string, id: string, entry: SagaEntry): Script<void> {
  const { at, what, step, direction, attempt, detail, message, status } = entry;
  yield* tell(
    `INSERT INTO event_saga_history (saga, id, at, what, step, direction, attempt, detail, message, status)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [saga, id, at, what, step, direction, attempt, detail, message, status],
  );
}

const moved = (saga: string, id: string): KitError =>
  new KitError('saga-moved', `saga ${saga} ${id} was moved by somebody else`, { repair: 'look again where it is' });

/** What of sagas is asked for; nothing: all of them. */
export interface SagaFilter {
  readonly saga?: string;
  readonly status?: SagaStatus;
  /** Parked, or not moved though their time was over then, in milliseconds since the epoch. */
  readonly stuckSince?: number;
}

export type SagaSummary = Omit<SagaRecord, 'state'>;

/** Those that moved last come first. */
export function* listSagas(filter: SagaFilter, limit: number): Script<readonly SagaSummary[]> {
  const params: (string | number)[] = [];
  const put = (value: string | number): string => `$${params.push(value)}`;
  const wheres = [
    ...(filter.saga === undefined ? [] : [`saga = ${put(filter.saga)}`]),
    ...(filter.status === undefined ? [] : [`status = ${put(filter.status)}`]),
    ...(filter.stuckSince === undefined ? [] : [`(status = 'parked' OR due_at < ${put(filter.stuckSince)})`]),
  ];
  const where = wheres.length === 0 ? '' : `WHERE ${wheres.join(' AND ')}`;
  return yield* rows<SagaSummary>(
    `SELECT ${RECORD.replace(' state,', '')} FROM event_sagas ${where} ORDER BY updated_at DESC, id LIMIT ${put(limit)}`,
    params,
  );
}

export interface InspectedSaga {
  readonly record: SagaRecord;
  readonly history: readonly SagaEntry[];
  /** Messages that were taken in and not acted on; with why, where one could not be. */
  readonly mail: readonly { readonly message: string; readonly type: string; readonly refused: string | null }[];
}

export function* inspectSaga(saga: string, id: string): Script<InspectedSaga | undefined> {
  const record = yield* row<SagaRecord>(`SELECT ${RECORD} FROM event_sagas WHERE saga = $1 AND id = $2`, [saga, id]);
  const mail = yield* rows<InspectedSaga['mail'][number]>(
    'SELECT message, type, refused FROM event_saga_mail WHERE saga = $1 AND id = $2 ORDER BY seq',
    [saga, id],
  );
  if (record === undefined) return undefined;
  const history = yield* rows<SagaEntry>(
    `SELECT at, what, step, direction, attempt, detail, message, status FROM event_saga_history
     WHERE saga = $1 AND id = $2 ORDER BY seq`,
    [saga, id],
  );
  return { record, history, mail };
}

/** How many sagas are where. */
export function* countSagas(): Script<
  readonly { readonly saga: string; readonly status: SagaStatus; readonly count: number }[]
> {
  return yield* rows(
    'SELECT saga, status, count(*) AS count FROM event_sagas GROUP BY saga, status ORDER BY saga, status',
  );
}

export type SagaRetry = 'retried' | 'not parked' | 'missing';

/** Lets a parked saga ask again, with all its attempts before it, and mail be acted on that could not be. */
export function* retrySaga(saga: string, id: string, now: number): Script<SagaRetry> {
  const mail = yield* row(
    'UPDATE event_saga_mail SET refused = NULL WHERE saga = $1 AND id = $2 AND refused IS NOT NULL RETURNING 1 AS again',
    [saga, id],
  );
  const retried = yield* row(
    `UPDATE event_sagas SET status = CASE direction WHEN 'do' THEN 'running' ELSE 'compensating' END, attempt = 0,
       due_at = $3, version = version + 1, reason = NULL, updated_at = $3
     WHERE saga = $1 AND id = $2 AND status = 'parked' RETURNING 1 AS retried`,
    [saga, id, now],
  );
  if (retried !== undefined || mail !== undefined) return 'retried';
  const found = yield* row('SELECT 1 AS found FROM event_sagas WHERE saga = $1 AND id = $2', [saga, id]);
  return found === undefined ? 'missing' : 'not parked';
}

/** Forgets sagas that were over before a moment, a few at a time. @returns how many */
export function* purgeSagas(saga: string, before: number, limit: number): Script<number> {
  const gone = yield* rows<{ readonly id: string }>(
    `DELETE FROM event_sagas WHERE saga = $1 AND id IN (SELECT id FROM event_sagas WHERE saga = $1
       AND status IN ('completed', 'compensated') AND updated_at < $2 ORDER BY updated_at LIMIT $3) RETURNING id`,
    [saga, before, limit],
  );
  for (const { id } of gone) yield* tell('DELETE FROM event_saga_history WHERE saga = $1 AND id = $2', [saga, id]);
  return gone.length;
}

/** What a participant answered to a command. */
export interface GivenAnswer {
  readonly isDone: number;
  /** Null where it was taken back before it came: there is nothing to answer. */
  readonly type: string | null;
  readonly payload: Uint8Array | null;
}

export function* givenAnswer(participant: string, command: string): Script<GivenAnswer | undefined> {
  return yield* row<{ readonly isDone: number; readonly type: string | null; readonly payload: Uint8Array | null }>(
    'SELECT is_done AS "isDone", type, payload FROM event_saga_answers WHERE participant = $1 AND command = $2',
    [participant, command],
  );
}

/** One link of a chain: an event that a consumer acted on, and what it told in turn. */
export interface ChainLink {
  readonly consumer: string;
  readonly message: string;
  readonly type: string;
  /** Id of the event that led to it; null for the first of the chain. */
  readonly causedBy: string | null;
  /** Types of the events that it led to, with commas between them. */
  readonly told: string;
  readonly at: number;
}

export function* readChain(correlation: string): Script<readonly ChainLink[]> {
  return yield* rows<ChainLink>(
    `SELECT consumer, message, type, caused_by AS "causedBy", told, at FROM event_chain_links
     WHERE correlation = $1 ORDER BY at, message`,
    [correlation],
  );
}
