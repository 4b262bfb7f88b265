import { KitError } from '../../errors.ts';
import { row, type Script, tell } from '../../sql/script.ts';

/** The right to do what only one may do at a time. Of two, the one with the greater term holds. */
export interface Lead {
  /** What is led, e.g. `relay`. */
  readonly role: string;
  /** Unique to one life of one process. */
  readonly owner: string;
  readonly term: number;
}

/**
 * Takes or keeps the lead for a time.
 *
 * @returns the term, or nothing while another one leads
 */
export function* lead(role: string, owner: string, now: number, ttlMs: number): Script<number | undefined> {
  const led = yield* row<{ readonly term: number }>(
    `INSERT INTO event_leads (role, owner, leads_until, term) VALUES ($1, $2, $3, 1)
     ON CONFLICT (role) DO UPDATE SET owner = excluded.owner, leads_until = excluded.leads_until,
       term = CASE WHEN event_leads.owner = excluded.owner THEN event_leads.term ELSE event_leads.term + 1 END
       WHERE event_leads.owner IS NULL OR event_leads.owner = excluded.owner OR event_leads.leads_until <= $4
     RETURNING term`,
    [role, owner, now + ttlMs, now],
  );
  return led?.term;
}

/** Lets another one lead at once. */
export function* resign({ role, owner, term }: Lead): Script<void> {
  yield* tell('UPDATE event_leads SET owner = NULL, leads_until = 0 WHERE role = $1 AND owner = $2 AND term = $3', [
    role,
    owner,
    term,
  ]);
}

/** @throws {KitError} `lead-lost` */
export function* checkLead({ role, owner, term }: Lead): Script<void> {
  const held = yield* row('SELECT 1 AS held FROM event_leads WHERE role = $1 AND owner = $2 AND term = $3', [
    role,
    owner,
    term,
  ]);
  if (held === undefined) throw lost(role);
}

/**
 * As `checkLead`, and nobody else leads until the transaction ends. A leader whose time is over but whom nobody followed
 * still leads: what counts is that there is one.
 *
 * @throws {KitError} `lead-lost`
 */
export function* holdLead({ role, owner, term }: Lead): Script<void> {
  const held = yield* row(
    'UPDATE event_leads SET term = term WHERE role = $1 AND owner = $2 AND term = $3 RETURNING 1 AS held',
    [role, owner, term],
  );
  if (held === undefined) throw lost(role);
}

/** Notes that a leader waits to be told, or that it is at work again. */
export function* noteIdle({ role, term }: Lead, isIdle: boolean): Script<void> {
  const idle = isIdle ? 1 : 0;
  yield* tell('UPDATE event_leads SET is_idle = $3 WHERE role = $1 AND term = $2 AND is_idle <> $3', [
    role,
    term,
    idle,
  ]);
}

const lost = (role: string): KitError =>
  new KitError('lead-lost', `${role}: another process leads`, { repair: 'wait until it ends' });
