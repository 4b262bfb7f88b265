import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { probeFsync } from './fsync-probe.ts';
import { type Depth, depthOf } from './jobs/depth.ts';
import { NAMES, openField, PAIRS } from './jobs/field.ts';
import { type HalfLoad, halfLoadOf } from './jobs/half-load.ts';
import { positive, runBench } from './options.ts';
import type { JobSystem } from './queue/job-system.ts';
import { CONCURRENCIES, jobsOf, namesOf, race, tables } from './queue/race.ts';
import { formatSpread, formatTable, spreadOf } from './report.ts';

// npm run bench:jobs -- [--jobs small|full|<n>] [--depth small|full|<n>] [--rounds 3] [--only name,name] [--json]

const DEPTHS: Readonly<Record<string, readonly number[]>> = { small: [200], full: [10_000, 100_000, 1_000_000] };
/** Of the jobs at a concurrency of 8. */
const HALF_LOAD_SHARE = 0.5;
const PROGRESS_EVERY = 100_000;

const note = (text: string): void => void process.stderr.write(`${text}\n`);

async function halfLoads(
  systems: readonly JobSystem[],
  jobs: number,
  rounds: number,
): Promise<Map<string, HalfLoad[]>> {
  const found = new Map<string, HalfLoad[]>(systems.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1)
    for (const system of systems) {
      const load = await halfLoadOf(system, jobs);
      found.get(system.name)?.push(load);
      note(
        `half load ${round}/${rounds}  ${system.name}: ${load.perSecond.toFixed(0)}/s, p50 ${load.p50.toFixed(1)} ms, p99 ${load.p99.toFixed(1)} ms`,
      );
    }
  return found;
}

async function depths(systems: readonly JobSystem[], sizes: readonly number[]): Promise<Map<string, Depth[]>> {
  const found = new Map<string, Depth[]>(systems.map(({ name }) => [name, []]));
  for (const size of sizes)
    for (const system of systems) {
      const depth = await depthOf(system, size, (done) => {
        if (done % PROGRESS_EVERY === 0) note(`depth ${size}  ${system.name}: ${done} added`);
      });
      found.get(system.name)?.push(depth);
      note(`depth ${size}  ${system.name}: first job after ${depth.startMs.toFixed(0)} ms`);
    }
  return found;
}

function halfLoadTable(loads: ReadonlyMap<string, readonly HalfLoad[]>): string {
  const column = (rounds: readonly HalfLoad[], of: (load: HalfLoad) => number, digits: number): string =>
    formatSpread(spreadOf(rounds.map(of)), digits);
  return formatTable([
    ['at half load, median (min-max)', 'jobs/s at full load', 'p50 ms', 'p99 ms'],
    ...[...loads].map(([name, rounds]) => [
      name,
      column(rounds, ({ perSecond }) => perSecond, 0),
      column(rounds, ({ p50 }) => p50, 1),
      column(rounds, ({ p99 }) => p99, 1),
    ]),
  ]);
}

const depthTable = (found: ReadonlyMap<string, readonly Depth[]>): string =>
  formatTable([
    ['while jobs wait', 'how many', 'filled/s', 'stored MB', 'process MB', 'first job ms', 'added/s', 'begun/s'],
    ...[...found].flatMap(([name, depths]) =>
      depths.map((depth) => [
        name,
        String(depth.waiting),
        depth.fillPerSecond.toFixed(0),
        depth.storedMb.toFixed(0),
        depth.processMb.toFixed(0),
        depth.startMs.toFixed(0),
        depth.addPerSecond.toFixed(0),
        depth.begunPerSecond.toFixed(0),
      ]),
    ),
  ]);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: 'full' },
      depth: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const jobs = jobsOf(values.jobs);
  const sizes = DEPTHS[values.depth] ?? [positive('depth', values.depth)];
  const rounds = positive('rounds', values.rounds);
  const names = namesOf(NAMES, values.only);
  await using stack = new AsyncDisposableStack();
  // What is under way fails when its server goes; after an interrupt nobody wants to read that.
  const interrupt = Promise.withResolvers<number>();
  process.once('SIGINT', () => interrupt.resolve(130));
  process.once('SIGTERM', () => interrupt.resolve(143));
  const fsyncMs = probeFsync();
  const { systems, absent } = await openField(names, stack);
  const measure = async () => ({
    rates: await race(systems, jobs, rounds),
    loads: await halfLoads(systems, Math.ceil((jobs[1] ?? 0) * HALF_LOAD_SHARE), rounds),
    depths: await depths(systems, sizes),
  });
  const results = await Promise.race([measure(), interrupt.promise]);
  if (typeof results === 'number') {
    await stack.disposeAsync().catch(() => {});
    process.exit(results);
  }
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`;
  if (values.json) {
    const settings = systems.map(({ name, settings }) => ({ name, settings }));
    const [rates, loads, found] = [results.rates, results.loads, results.depths].map((map) => Object.fromEntries(map));
    console.log(JSON.stringify({ machine, jobs, rounds, fsyncMs, settings, absent, rates, loads, depths: found }));
    return;
  }
  console.log(`${machine}; one synced 4 KiB write: ${formatSpread(fsyncMs, 2)} ms`);
  console.log(
    `jobs at ${CONCURRENCIES.join(', ')}: ${jobs.join(', ')}; ${rounds} rounds, interleaved, after a warm-up\n`,
  );
  for (const { name, settings } of systems) console.log(`${name}: ${settings}`);
  for (const { name, howToGet } of absent) console.log(`${name}: not here, left out; get it with: ${howToGet}`);
  console.log(`\n${tables(results.rates, systems, PAIRS)}`);
  console.log(`\n${halfLoadTable(results.loads)}\n\n${depthTable(results.depths)}`);
}

await runBench(main);
