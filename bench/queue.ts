import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { probeFsync } from './fsync-probe.ts';
import { positive, runBench } from './options.ts';
import { NAMES, openField, PAIRS } from './queue/field.ts';
import { CONCURRENCIES, jobsOf, namesOf, race, tables } from './queue/race.ts';
import { formatSpread } from './report.ts';

// npm run bench:queue -- [--jobs small|full|<number>] [--rounds 3] [--only name,name] [--json]

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
  const names = namesOf(NAMES, values.only);
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
  console.log(`\n${tables(results, contestants, PAIRS)}`);
}

await runBench(main);
