import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { JobStore } from '../../../../services/kit/src/jobs/job-store.ts';
import { jobTables } from '../../../../services/kit/src/jobs/schema.ts';
import { type Row, runSync, type Script } from '../../../../services/kit/src/jobs/script.ts';
import {
  SCRIPTS,
  type ScriptArguments,
  type ScriptName,
  type ScriptResult,
} from '../../../../services/kit/src/jobs/scripts/index.ts';

/** The scripts on a database in memory: what is tested is what runs elsewhere, without threads and files. */
export class MemoryStore implements Pick<JobStore, 'run'> {
  readonly database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    for (const sql of jobTables('sqlite')) this.database.exec(sql);
  }

  async run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): Promise<ScriptResult<Name>> {
    return this.runNow(name, ...args);
  }

  runNow<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): ScriptResult<Name> {
    const script = (SCRIPTS[name] as (...args: unknown[]) => Script<ScriptResult<Name>>)(...args);
    this.database.exec('BEGIN');
    try {
      const result = runSync(script, ({ sql, params }) => {
        const named = Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
        return this.#prepare(sql).all(named) as Row[];
      });
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** How the database goes about each statement of a script, which it runs and takes back. */
  plansOf<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): readonly string[] {
    const script = (SCRIPTS[name] as (...args: unknown[]) => Script<ScriptResult<Name>>)(...args);
    const plans: string[] = [];
    this.database.exec('BEGIN');
    runSync(script, ({ sql, params }) => {
      const named = Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]));
      const steps = this.#prepare(`EXPLAIN QUERY PLAN ${sql}`).all(named);
      plans.push(...steps.map(({ detail }) => String(detail)));
      return this.#prepare(sql).all(named) as Row[];
    });
    this.database.exec('ROLLBACK');
    return plans;
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
