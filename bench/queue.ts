import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { KitError } from '@penstock/kit';
import { probeFsync } from './fsync-probe.ts';
import { positive } from './options.ts';
import type { Contestant } from './queue/contestant.ts';
import { NAMES, type Name, openField, PAIRS } from './queue/field.ts';
import { formatSpread, formatTable, ratioOf, spreadOf } from './report.ts';

// npm run bench:queue -- [--jobs small|full|<number>] [--rounds 3] [--only name,name] [--json]

const CONCURRENCIES = [1, 8, 64] as const;
const PHASES = ['enqueue', 'process'] as const;
const JOBS: Readonly<Record<string, readonly number[]>> = { small: [20, 100, 200], full: [2_000, 10_000, 30_000] };
const WARM_UP_SHARE = 0.2;

/** Jobs per second, one entry a round, by `phase concurrency contestant`. */
type Results = Map<string, number[]>;
const keyOf = (phase: string, concurrency: number, name: string): string => `${phase} ${concurrency} ${name}`;

async function runCell(contestant: Contestant, concurrency: number, jobs: number): Promise<readonly number[]> {
  await using backlog = await contestant.open(concurrency);
  let next = 0;
  const startedAt = performance.now();
  const callers = Array.from({ length: concurrency }, async () => {
    while (next < jobs) {
      next += 1;
      await backlog.add(next);
    }
  });
  await Promise.all(callers);
  const enqueueMs = performance.now() - startedAt;
  const processMs = await backlog.process(jobs);
  return [enqueueMs, processMs].map((ms) => (jobs * 1_000) / ms);
}

async function race(contestants: readonly Contestant[], jobs: readonly number[], rounds: number): Promise<Results> {
  const results: Results = new Map();
  for (let round = 0; round <= rounds; round += 1)
    for (const [index, concurrency] of CONCURRENCIES.entries())
      for (const contestant of contestants) {
        const asked = jobs[index] ?? 0;
        const isWarmUp = round === 0;
        const count = isWarmUp ? Math.max(concurrency, Math.ceil(asked * WARM_UP_SHARE)) : asked;
        const rates = await runCell(contestant, concurrency, count);
        const label = isWarmUp ? 'warm-up' : `round ${round}/${rounds}`;
        process.stderr.write(
          `${label}  ${contestant.name} x${concurrency}: ${PHASES.map((phase, at) => `${phase} ${rates[at]?.toFixed(0)}/s`).join(', ')}\n`,
        );
        if (isWarmUp) continue;
        for (const [at, phase] of PHASES.entries()) {
          const key = keyOf(phase, concurrency, contestant.name);
          results.set(key, [...(results.get(key) ?? []), rates[at] ?? Number.NaN]);
        }
      }
  return results;
}

function tables(results: Results, contestants: readonly Contestant[]): string {
  const names = contestants.map(({ name }) => name);
  const pairs = PAIRS.filter((pair) => pair.every((name) => names.includes(name)));
  const cells = PHASES.flatMap((phase) => CONCURRENCIES.map((concurrency) => ({ phase, concurrency })));
  const at = (phase: string, concurrency: number, name: string) => results.get(keyOf(phase, concurrency, name)) ?? [];
  const rates = cells.map(({ phase, concurrency }) => [
    `${phase} x${concurrency}`,
    ...names.map((name) => formatSpread(spreadOf(at(phase, concurrency, name)))),
  ]);
  const ratios = cells.map(({ phase, concurrency }) => [
    `${phase} x${concurrency}`,
    ...pairs.map(([ours, peer]) =>
      formatSpread(ratioOf(at(phase, concurrency, ours), at(phase, concurrency, peer)), 2),
    ),
  ]);
  const ratioTable = [['ratio', ...pairs.map(([ours, peer]) => `${ours} / ${peer}`)], ...ratios];
  const parts = [formatTable([['jobs/s, median (min-max)', ...names], ...rates])];
  if (pairs.length > 0) parts.push(formatTable(ratioTable));
  return parts.join('\n\n');
}

function jobsOf(text: string): readonly number[] {
  const named = JOBS[text];
  if (named !== undefined) return named;
  return CONCURRENCIES.map(() => positive('jobs', text));
}

function namesOf(text: string | undefined): readonly Name[] {
  if (text === undefined) return NAMES;
  const asked = text.split(',');
  const unknown = asked.filter((name) => !NAMES.some((known) => known === name));
  if (unknown.length === 0) return NAMES.filter((name) => asked.includes(name));
  throw new KitError(
    'address-malformed',
    `--only: received ${unknown.join(', ')}, expected some of ${NAMES.join(', ')}`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const jobs = jobsOf(values.jobs);
  const rounds = positive('rounds', values.rounds);
  const names = namesOf(values.only);
  await using stack = new AsyncDisposableStack();
  // What is under way fails when its server goes; after an interrupt nobody wants to read that.
  const interrupt = Promise.withResolvers<number>();
  process.once('SIGINT', () => interrupt.resolve(130));
  process.once('SIGTERM', () => interrupt.resolve(143));
  const fsyncMs = probeFsync();
  const { contestants, absent } = await openField(names, stack);
  const results = await Promise.race([race(contestants, jobs, rounds), interrupt.promise]);
  if (typeof results === 'number') {
    await stack.disposeAsync().catch(() => {});
    process.exit(results);
  }
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`;
  if (values.json) {
    const settings = contestants.map(({ name, settings }) => ({ name, settings }));
    console.log(
      JSON.stringify({ machine, jobs, rounds, fsyncMs, settings, absent, results: Object.fromEntries(results) }),
    );
    return;
  }
  console.log(`${machine}; one synced 4 KiB write: ${formatSpread(fsyncMs, 2)} ms`);
  console.log(
    `jobs at ${CONCURRENCIES.join(', ')}: ${jobs.join(', ')}; ${rounds} rounds, interleaved, after a warm-up\n`,
  );
  for (const { name, settings } of contestants) console.log(`${name}: ${settings}`);
  for (const { name, howToGet } of absent) console.log(`${name}: not here, left out; get it with: ${howToGet}`);
  console.log(`\n${tables(results, contestants)}`);
}

try {
  await main();
} catch (error) {
  if (!KitError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
