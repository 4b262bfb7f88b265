import { KitError } from '@penstock/kit';
import { positive } from '../options.ts';
import { formatSpread, formatTable, ratioOf, spreadOf } from '../report.ts';
import type { Contestant } from './contestant.ts';

export const CONCURRENCIES = [1, 8, 64] as const;
const PHASES = ['enqueue', 'process'] as const;
const JOBS: Readonly<Record<string, readonly number[]>> = { small: [20, 100, 200], full: [2_000, 10_000, 30_000] };
const WARM_UP_SHARE = 0.2;

/** Jobs per second, one entry a round, by `phase concurrency contestant`. */
export type Results = Map<string, number[]>;
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

/** Lets contestants take turns within a round, one cell after the other; the first round counts for nothing. */
export async function race(
  contestants: readonly Contestant[],
  jobs: readonly number[],
  rounds: number,
): Promise<Results> {
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

/** @param pairs ours, and the peer it is held against */
export function tables(
  results: Results,
  contestants: readonly Contestant[],
  pairs: readonly (readonly [ours: string, peer: string])[],
): string {
  const names = contestants.map(({ name }) => name);
  const present = pairs.filter((pair) => pair.every((name) => names.includes(name)));
  const cells = PHASES.flatMap((phase) => CONCURRENCIES.map((concurrency) => ({ phase, concurrency })));
  const at = (phase: string, concurrency: number, name: string) => results.get(keyOf(phase, concurrency, name)) ?? [];
  const rates = cells.map(({ phase, concurrency }) => [
    `${phase} x${concurrency}`,
    ...names.map((name) => formatSpread(spreadOf(at(phase, concurrency, name)))),
  ]);
  const ratios = cells.map(({ phase, concurrency }) => [
    `${phase} x${concurrency}`,
    ...present.map(([ours, peer]) =>
      formatSpread(ratioOf(at(phase, concurrency, ours), at(phase, concurrency, peer)), 2),
    ),
  ]);
  const ratioTable = [['ratio', ...present.map(([ours, peer]) => `${ours} / ${peer}`)], ...ratios];
  const parts = [formatTable([['jobs/s, median (min-max)', ...names], ...rates])];
  if (present.length > 0) parts.push(formatTable(ratioTable));
  return parts.join('\n\n');
}

/** How many jobs each concurrency gets. @throws {KitError} `address-malformed` */
export function jobsOf(text: string): readonly number[] {
  const named = JOBS[text];
  if (named !== undefined) return named;
  return CONCURRENCIES.map(() => positive('jobs', text));
}

/** Those of `known` that a command line asks for; all when it names none. @throws {KitError} `address-malformed` */
export function namesOf<Name extends string>(known: readonly Name[], text: string | undefined): readonly Name[] {
  if (text === undefined) return known;
  const asked = text.split(',');
  const unknown = asked.filter((name) => !known.some((one) => one === name));
  if (unknown.length === 0) return known.filter((name) => asked.includes(name));
  throw new KitError(
    'address-malformed',
    `--only: received ${unknown.join(', ')}, expected some of ${known.join(', ')}`,
  );
}
