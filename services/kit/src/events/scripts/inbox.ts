import type { Statement } from '../../effects/effect-store.ts';
import { KitError } from '../../errors.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { row, rows, type Script, tell } from '../../sql/script.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';
import { append } from './outbox.ts';

/** Who handles, and by which right. */
export interface Fence {
  readonly consumer: string;
  /** What the right is to, e.g. a partition of a topic. */
  readonly source: string;
  readonly epoch: number;
}

/** What one message leads to: all of it, or nothing. */
export interface MessageEffect {
  /** The same for every delivery of the message. */
  readonly message: string;
  readonly statements: readonly Statement[];
  /** Written to the outbox of the same database. */
  readonly events?: readonly OutboxEvent[];
}

export type Reception = 'applied' | 'duplicate';

const fenced = ({ consumer, source, epoch }: Fence): KitError =>
  new KitError('event-fenced', `${consumer}: ${source} is held by an epoch other than ${epoch}`, {
    repair: 'let go of its messages: whoever holds it now handles them',
  });

/** Fences off every earlier epoch of a source. @throws {KitError} `event-fenced` when a later one was here */
export function* claim(fence: Fence): Script<void> {
  const claimed = yield* row(
    `INSERT INTO event_fences (consumer, source, epoch) VALUES ($1, $2, $3)
     ON CONFLICT (consumer, source) DO UPDATE SET epoch = excluded.epoch WHERE event_fences.epoch <= excluded.epoch
     RETURNING 1 AS claimed`,
    [fence.consumer, fence.source, fence.epoch],
  );
  if (claimed === undefined) throw fenced(fence);
}

/** Forgets what a consumer held: for a group whose epochs begin anew because the log forgot it. */
export function* forget(consumer: string): Script<void> {
  yield* tell('DELETE FROM event_fences WHERE consumer = $1', [consumer]);
}

/**
 * Holds until the transaction ends: a later epoch waits. Several messages of one source are handled side by side.
 *
 * @throws {KitError} `event-fenced`
 */
function* hold(fence: Fence, dialect: Dialect): Script<void> {
  const held = yield* row<{ readonly epoch: number }>(
    `SELECT epoch FROM event_fences WHERE consumer = $1 AND source = $2${dialect === 'postgres' ? ' FOR SHARE' : ''}`,
    [fence.consumer, fence.source],
  );
  if (held?.epoch !== fence.epoch) throw fenced(fence);
}

/**
 * Whether a message is new to a consumer; from here on it is not.
 *
 * @param windowMs for how long a message is remembered
 */
export function* accept(consumer: string, message: string, now: number, windowMs: number): Script<boolean> {
  const accepted = yield* row(
    `INSERT INTO event_inbox (consumer, message, handled_at) VALUES ($1, $2, $3)
     ON CONFLICT (consumer, message) DO UPDATE SET handled_at = excluded.handled_at
       WHERE event_inbox.handled_at <= $4
     RETURNING 1 AS accepted`,
    [consumer, message, now, now - windowMs],
  );
  return accepted !== undefined;
}

/**
 * Does what messages lead to, each at most once within the window, in one transaction with the note that it was done.
 *
 * @returns in the order given
 * @throws {KitError} `event-fenced`
 */
export function* receive(
  dialect: Dialect,
  fence: Fence,
  effects: readonly MessageEffect[],
  now: number,
  windowMs: number,
): Script<readonly Reception[]> {
  yield* hold(fence, dialect);
  const receptions: Reception[] = [];
  for (const { message, statements, events } of effects) {
    const isNew = yield* accept(fence.consumer, message, now, windowMs);
    receptions.push(isNew ? 'applied' : 'duplicate');
    if (!isNew) continue;
    for (const { sql, params } of statements) yield* tell(sql, params);
    if (events !== undefined) yield* append(events, now);
  }
  return receptions;
}

/** Takes away what a consumer has handled before a time, a little at a time. @returns how many were taken away */
export function* purgeInbox(consumer: string, before: number, limit: number): Script<number> {
  const purged = yield* rows(
    `DELETE FROM event_inbox WHERE consumer = $1 AND message IN (
       SELECT message FROM event_inbox WHERE consumer = $1 AND handled_at < $2 ORDER BY handled_at LIMIT $3)
     RETURNING 1 AS purged`,
    [consumer, before, limit],
  );
  return purged.length;
}
