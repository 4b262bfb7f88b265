import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KitError } from '@penstock/kit';
import { BACKBONE_KINDS } from './backbone.ts';
import { experiment } from './lab.ts';
import { BACKBONES, type BackboneName, type Plan, planOf, readPlan } from './plan.ts';
import { lineOf, pageOf, summaryOf, tableOf } from './report.ts';
import type { RunResult } from './run.ts';

// npm run chaos -- [--driver all|NAME[,NAME]] [--runs 1000] [--seed 1] [--lanes 4]
//                  [--replay FILE] [--report FILE] [--out FOLDER] [--resume]

const REQUIRED = (process.env['PENSTOCK_REQUIRE'] ?? '').split(/[\s,]+/);
/** Experiments beside each other: where runs need a server alone, they mostly wait for it to start. */
const TRACKS = 2;
const VIOLATIONS = 1;
const MISUSED = 2;

function numberOf(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new KitError('address-malformed', `--${option}: received ${JSON.stringify(text)}, expected a positive number`);
}

function backbonesOf(text: string): readonly BackboneName[] {
  if (text === 'all') return BACKBONES;
  const asked = text.split(',');
  const unknown = asked.filter((name) => !BACKBONES.some((known) => known === name));
  if (unknown.length === 0) return BACKBONES.filter((name) => asked.includes(name));
  const expected = ['all', ...BACKBONES].join(', ');
  throw new KitError('address-malformed', `--driver: received ${unknown.join(', ')}, expected some of ${expected}`);
}

function plansOf(name: BackboneName, runs: number, seed: number): readonly Plan[] {
  return Array.from({ length: runs }, (_, index) => planOf(name, seed + index));
}

/** What an experiment that was interrupted has left of these plans; a plan that is another one by now counts as not run. */
function resultsIn(file: string, plans: readonly Plan[]): readonly RunResult[] {
  if (!existsSync(file)) return [];
  const asked = new Set(plans.map((plan) => JSON.stringify(plan)));
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const results = lines.map((line) => JSON.parse(line) as RunResult);
  return results.filter(({ plan }) => asked.has(JSON.stringify(plan)));
}

/** @throws {KitError} `address-malformed` where PENSTOCK_REQUIRE asks for it */
function isThere(name: BackboneName): boolean {
  const { requirement } = BACKBONE_KINDS[name];
  if (requirement.available) return true;
  const what = `${name}: ${requirement.name} is missing`;
  if (REQUIRED.includes(requirement.name))
    throw new KitError('address-malformed', `${what}, which PENSTOCK_REQUIRE asks for`, {
      repair: requirement.howToGet,
    });
  console.error(`${what} and left out: ${requirement.howToGet}`);
  return false;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      driver: { type: 'string', default: 'all' },
      runs: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      lanes: { type: 'string', default: '4' },
      out: { type: 'string', default: join('.penstock', 'chaos') },
      replay: { type: 'string' },
      report: { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  });
  const [runs, seed, lanes] = [
    numberOf('runs', values.runs),
    numberOf('seed', values.seed),
    numberOf('lanes', values.lanes),
  ];
  const replayed = values.replay === undefined ? undefined : readPlan(readFileSync(values.replay, 'utf8'));
  const interrupted = new AbortController();
  // What is under way ends in order: servers and workers are processes of their own.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  mkdirSync(values.out, { recursive: true });
  const all: RunResult[] = [];
  const perform = async (name: BackboneName): Promise<void> => {
    const asked = replayed === undefined ? plansOf(name, runs, seed) : [replayed];
    const file = join(values.out, `${name}.jsonl`);
    const before = values.resume ? resultsIn(file, asked) : [];
    const plans = asked.filter((plan) => !before.some((result) => result.plan.seed === plan.seed));
    all.push(...before);
    let done = before.length;
    const onRun = (result: RunResult): void => {
      all.push(result);
      done += 1;
      console.error(lineOf(result, done, asked.length));
      appendFileSync(file, `${JSON.stringify(result)}\n`);
      if (result.findings.length === 0) return;
      const found = join(values.out, `${name}-${result.plan.seed}.json`);
      writeFileSync(found, `${JSON.stringify(result, undefined, 2)}\n`);
      console.error(`  run it again: npm run chaos -- --replay ${found}`);
    };
    await experiment({ plans, lanes, onRun, signal: interrupted.signal });
  };
  if (replayed !== undefined) console.log(JSON.stringify(replayed, undefined, 2));
  const names = (replayed === undefined ? backbonesOf(values.driver) : [replayed.backbone]).filter(isThere).values();
  const tracks = Array.from({ length: TRACKS }, async () => {
    for (const name of names) await perform(name);
  });
  // Where one fails, the others end the runs that are under way: what was seen until then is told.
  for (const track of tracks) track.catch(() => interrupted.abort());
  const failed = (await Promise.allSettled(tracks)).find((end) => end.status === 'rejected');
  console.log(tableOf(summaryOf(all)));
  if (values.report !== undefined) writeFileSync(values.report, pageOf(all));
  if (failed !== undefined) throw failed.reason;
  return all.some(({ findings }) => findings.length > 0) ? VIOLATIONS : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!KitError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = MISUSED;
}
