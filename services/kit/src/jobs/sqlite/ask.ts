import type { DatabaseSync } from 'node:sqlite';
import type { SqlValue } from '../../effects/effect-store.ts';
import { StatementCache } from '../../sqlite/statement-cache.ts';
import type { Query, Row } from '../script.ts';

/** Texts of our scripts and of the effects of some tasks. */
const STATEMENT_LIMIT = 200;

/** Answers queries on a database at once. */
export function asking(database: DatabaseSync): (query: Query) => readonly Row[] {
  const statements = new StatementCache(database, STATEMENT_LIMIT);
  return ({ sql, params }) => {
    // SQLite numbers `$1` by where it first stands, so it is bound by its name.
    const named: Record<string, SqlValue> = {};
    for (const [index, value] of params.entries()) named[`$${index + 1}`] = value;
    return statements.prepare(sql).all(named) as Row[];
  };
}
