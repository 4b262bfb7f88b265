import type { Dialect } from '../sql/dialect.ts';
import type { ScriptStore } from '../sql/script-store.ts';
import type { EventScripts } from './scripts/index.ts';

/** Where outbox, inbox, streams and projections lie: the database of the rows that the events tell of. */
export interface EventDatabase extends ScriptStore<EventScripts> {
  readonly dialect: Dialect;
}

export interface ProvisionEventsOptions {
  /** Statements that make tables of effects in the same database; run every time, so they say IF NOT EXISTS. */
  readonly schema?: readonly string[];
}
