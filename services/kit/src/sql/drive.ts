import type { Ask, Tell } from '../postgres/connection.ts';
import { runAsync, type Script } from './script.ts';

/** Runs a script in a transaction of PostgreSQL that is open. What it only tells goes out with what it asks next. */
export const drive = <Result>(script: Script<Result>, ask: Ask, tell: Tell): Promise<Result> =>
  runAsync(script, ({ sql, params, isTold }) => {
    if (isTold !== true) return ask(sql, params);
    tell(sql, params);
    return [];
  });
