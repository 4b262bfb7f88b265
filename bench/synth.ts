import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { positive, runBench } from './options.ts';
import { formatSpread, formatTable, ratioOf, spreadOf } from './report.ts';
import { type GrownRun, PHASES, runGrown, runTargets, type TargetsRun } from './synth/run.ts';

// npm run bench:synth -- [--workloads small|full|<number>] [--rounds 7] [--json]

/** Of the smaller platform; the larger one has twice as many. */
const WORKLOADS: Readonly<Record<string, number>> = { small: 10, full: 250 };

interface Round {
  readonly once: GrownRun;
  readonly twice: GrownRun;
  readonly targets: TargetsRun;
}

function tables(rounds: readonly Round[], workloads: number): string {
  const [first] = rounds as readonly [Round, ...Round[]];
  const column = (size: 'once' | 'twice', phase: (typeof PHASES)[number]) =>
    rounds.map((round) => round[size].milliseconds[phase]);
  const grown = PHASES.map((phase) => {
    const [once, twice] = [column('once', phase), column('twice', phase)];
    return [phase, formatSpread(spreadOf(once)), formatSpread(spreadOf(twice)), formatSpread(ratioOf(twice, once), 2)];
  });
  const heading = (count: number, { objects }: GrownRun) => `${count} workloads, ${objects} objects`;
  const targets = Object.keys(first.targets.milliseconds).map((name) => [
    name,
    formatSpread(spreadOf(rounds.map(({ targets: { milliseconds } }) => milliseconds[name] ?? Number.NaN))),
  ]);
  return [
    formatTable([
      ['ms, median (min-max)', heading(workloads, first.once), heading(2 * workloads, first.twice), 'ratio'],
      ...grown,
    ]),
    formatTable([['ms, median (min-max)', 'from the start of the process'], ...targets]),
  ].join('\n\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workloads: { type: 'string', default: 'full' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
    },
  });
  const workloads = WORKLOADS[values.workloads] ?? positive('workloads', values.workloads);
  const count = positive('rounds', values.rounds);
  const rounds: Round[] = [];
  // The first one fills the caches of the disk and of compiled code, as anything did before; it counts for nothing.
  for (let round = 0; round <= count; round += 1) {
    const ran = { once: await runGrown(workloads), twice: await runGrown(2 * workloads), targets: await runTargets() };
    process.stderr.write(`${round === 0 ? 'warm-up' : `round ${round}/${count}`}\n`);
    if (round > 0) rounds.push(ran);
  }
  const machine = `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`;
  if (values.json) {
    console.log(JSON.stringify({ machine, workloads, rounds }));
    return;
  }
  console.log(`${machine}; ${count} rounds after a warm-up, each synthesis in a process of its own\n`);
  console.log(tables(rounds, workloads));
}

await runBench(main);
