import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import type { NewJob } from '../services/kit/src/jobs/job.ts';
import type { ReleasePolicy } from '../services/kit/src/jobs/release-policy.ts';
import { jobTables } from '../services/kit/src/jobs/schema.ts';
import { type Row, runSync, type Script } from '../services/kit/src/jobs/script.ts';
import {
  SCRIPTS,
  type ScriptArguments,
  type ScriptName,
  type ScriptResult,
} from '../services/kit/src/jobs/scripts/index.ts';
import { positive } from './options.ts';
import { namesOf } from './queue/race.ts';
import { formatTable } from './report.ts';

// npm run bench:dispatch -- [--most 1000000] [--only 'one group,in an hour']
// What a dispatcher's call costs by the number of jobs that wait: the scripts alone, on SQLite in memory. Nothing in it
// waits for anybody, so it is told in time of the processor: what else runs on the machine is not in it.

const SIZES = [10_000, 100_000, 1_000_000];
const CALLS = 40;
const WINDOW = 100;
const ADDED_AT_ONCE = 1_000;
const POLICY: ReleasePolicy = {
  tasks: { few: { limit: { concurrency: 2, burst: 1 } } },
  weights: {},
  probeMs: 1_000,
};

/** What the jobs that wait are like. */
const BACKLOGS: Readonly<Record<string, (index: number) => Partial<NewJob>>> = {
  'one group': () => ({}),
  '1,000 groups': (index) => ({ group: `g${index % 1_000}` }),
  'one limited key': () => ({ task: 'few', limitKey: 'k' }),
  '1,000 limited keys': (index) => ({ task: 'few', limitKey: `k${index % 1_000}` }),
  'in an hour': () => ({ runAt: 3_600_000, priority: 100 }),
};

class Scripts {
  readonly #database = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    for (const sql of jobTables('sqlite')) this.#database.exec(sql);
  }

  run<Name extends ScriptName>(name: Name, ...args: ScriptArguments<Name>): ScriptResult<Name> {
    const script = (SCRIPTS[name] as (...args: unknown[]) => Script<ScriptResult<Name>>)(...args);
    this.#database.exec('BEGIN');
    const result = runSync(script, ({ sql, params }) => {
      const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
      this.#statements.set(sql, statement);
      return statement.all(Object.fromEntries(params.map((value, index) => [`$${index + 1}`, value]))) as Row[];
    });
    this.#database.exec('COMMIT');
    return result;
  }

  close(): void {
    this.#database.close();
  }
}

const jobOf = (index: number, what: Partial<NewJob>): NewJob => ({
  id: `job-${index}`,
  queue: 'q',
  task: 'plain',
  version: 1,
  idempotencyKey: `job-${index}`,
  keyExpiresAt: Number.MAX_SAFE_INTEGER,
  payload: new Uint8Array(64),
  headers: {},
  createdAt: 0,
  runAt: 0,
  deadlineAt: undefined,
  priority: 0,
  group: undefined,
  orderKey: undefined,
  limitKey: undefined,
  maxAttempts: 3,
  maxCrashes: 3,
  needs: [],
  ...what,
});

const median = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const msOf = (work: () => void): number => {
  const startedAt = cpuMs();
  work();
  return cpuMs() - startedAt;
};

interface Costs {
  readonly addUs: number;
  readonly sortMs: number;
  readonly releaseMs: number;
  readonly jobs: number;
  readonly idleMs: number;
  readonly measureMs: number;
}

function costsOf(size: number, what: (index: number) => Partial<NewJob>): Costs {
  const scripts = new Scripts();
  try {
    const addMs = msOf(() => {
      for (let from = 0; from < size; from += ADDED_AT_ONCE)
        scripts.run(
          'add',
          Array.from({ length: ADDED_AT_ONCE }, (_, index) => jobOf(from + index, what(from + index))),
        );
    });
    const term = scripts.run('lead', 'q', 'bench', 0, 1_000) ?? 0;
    const release = (window: number) =>
      scripts.run('release', { queue: 'q', owner: 'bench', term, now: 1, window, policy: POLICY });
    // What has to be sorted is sorted once; each of these calls is as short as any other.
    const sortTimes: number[] = [];
    for (let isMore = true; isMore; ) sortTimes.push(msOf(() => (isMore = release(0)?.more ?? false)));
    const releaseTimes: number[] = [];
    let jobs = 0;
    for (let call = 0; call < CALLS; call += 1) {
      const startedAt = cpuMs();
      const references = release(WINDOW)?.references ?? [];
      releaseTimes.push(cpuMs() - startedAt);
      jobs += references.length;
      for (const { job, release } of references) {
        scripts.run('begin', { job, release, token: 1, worker: 'w', leaseUntil: 10, now: 1 });
        scripts.run('settle', { job, release, token: 1 }, { state: 'succeeded', result: undefined }, 1);
      }
    }
    const idleTimes = Array.from({ length: CALLS }, () => msOf(() => release(0)));
    const measureTimes = Array.from({ length: CALLS }, () => msOf(() => scripts.run('measure', 'q', 1)));
    return {
      addUs: (addMs * 1_000) / size,
      sortMs: median(sortTimes),
      releaseMs: median(releaseTimes),
      jobs: jobs / CALLS,
      idleMs: median(idleTimes),
      measureMs: median(measureTimes),
    };
  } finally {
    scripts.close();
  }
}

const { values } = parseArgs({
  options: { most: { type: 'string', default: '1000000' }, only: { type: 'string' } },
});
const most = positive('most', values.most);
const names = namesOf(Object.keys(BACKLOGS), values.only);
const lines: string[][] = [];
for (const [name, what] of Object.entries(BACKLOGS).filter(([name]) => names.includes(name)))
  for (const size of SIZES.filter((size) => size <= most)) {
    const { addUs, sortMs, releaseMs, jobs, idleMs, measureMs } = costsOf(size, what);
    lines.push([
      name,
      String(size),
      addUs.toFixed(0),
      sortMs.toFixed(2),
      releaseMs.toFixed(2),
      jobs.toFixed(0),
      idleMs.toFixed(2),
      measureMs.toFixed(2),
    ]);
    process.stderr.write(`${lines.at(-1)?.join('  ')}\n`);
  }
const heads = ['jobs waiting', 'how many', 'add us', 'sort ms', 'release ms', 'released', 'idle ms', 'measure ms'];
console.log(formatTable([heads, ...lines]));
