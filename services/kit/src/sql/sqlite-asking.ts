import type { DatabaseSync } from 'node:sqlite';
import { parametersOf } from '../sqlite/parameters.ts';
import { StatementCache } from '../sqlite/statement-cache.ts';
import type { Query, Row } from './script.ts';

/** Texts of our scripts and of the statements that users bring. */
const STATEMENT_LIMIT = 300;

/** Answers queries on a database at once. */
export function asking(database: DatabaseSync): (query: Query) => readonly Row[] {
  const statements = new StatementCache(database, STATEMENT_LIMIT);
  return ({ sql, params }) => statements.prepare(sql).all(parametersOf(params)) as Row[];
}
