import { BACKBONES, type BackboneName, type FaultKind } from './plan.ts';
import type { RunResult } from './run.ts';

export interface Summary {
  readonly backbone: BackboneName;
  readonly runs: number;
  readonly items: number;
  readonly deliveries: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly violations: number;
  readonly seeds: readonly [first: number, last: number];
  readonly failedSeeds: readonly number[];
  readonly minutes: number;
}

export function summaryOf(results: readonly RunResult[]): readonly Summary[] {
  const byBackbone = Map.groupBy(results, ({ plan }) => plan.backbone);
  return BACKBONES.flatMap((backbone) => {
    const own = byBackbone.get(backbone);
    if (own === undefined) return [];
    const faults: Partial<Record<FaultKind, number>> = {};
    for (const kind of own.flatMap(({ happened }) => happened)) faults[kind] = (faults[kind] ?? 0) + 1;
    const seeds = own.map(({ plan }) => plan.seed);
    return [
      {
        backbone,
        runs: own.length,
        items: sum(own.map(({ plan }) => plan.items.length)),
        deliveries: sum(own.map(({ deliveries }) => deliveries)),
        faults,
        violations: sum(own.map(({ findings }) => findings.length)),
        seeds: [Math.min(...seeds), Math.max(...seeds)] as const,
        failedSeeds: own.filter(({ findings }) => findings.length > 0).map(({ plan }) => plan.seed),
        minutes: sum(own.map(({ durationMs }) => durationMs)) / 60_000,
      },
    ];
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** What a run was and what came of it, in a line, with its findings below. */
export function lineOf({ plan, findings, happened, notes, durationMs }: RunResult, done: number, of: number): string {
  const head = `${plan.backbone} ${done}/${of}  seed ${plan.seed}  ${plan.items.length} items  ${happened.join(', ')}`;
  const tail = `${(durationMs / 1_000).toFixed(1)} s${findings.length === 0 ? '' : `  ${findings.length} VIOLATIONS`}`;
  const details = findings.map(({ rule, item, detail }) => `  ${rule} ${item}: ${detail}`);
  return [`${head}  ${tail}`, ...details, ...notes.map((note) => `  note: ${note}`)].join('\n');
}

const HEADINGS = ['backbone', 'runs', 'items', 'deliveries', 'faults', 'violations', 'seeds', 'minutes'] as const;

const rowsOf = (summaries: readonly Summary[]): readonly (readonly string[])[] =>
  summaries.map(({ backbone, runs, items, deliveries, faults, violations, seeds, minutes }) => [
    backbone,
    String(runs),
    String(items),
    String(deliveries),
    String(sum(Object.values(faults))),
    String(violations),
    seeds.join('-'),
    minutes.toFixed(1),
  ]);

/** Columns as wide as their widest cell. */
export function tableOf(summaries: readonly Summary[]): string {
  const rows = [HEADINGS, ...rowsOf(summaries)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

const markdown = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows.map((row) => `| ${row.join(' | ')} |`);
  return [head, `|${' --- |'.repeat(rows[0]?.length ?? 0)}`, ...body].join('\n');
};

/** The page of a whole experiment. */
export function pageOf(results: readonly RunResult[]): string {
  const summaries = summaryOf(results);
  const kinds = [...new Set(summaries.flatMap(({ faults }) => Object.keys(faults) as FaultKind[]))].sort();
  const faults = summaries.map((summary) => [
    summary.backbone,
    ...kinds.map((kind) => String(summary.faults[kind] ?? 0)),
  ]);
  const failed = summaries.filter(({ failedSeeds }) => failedSeeds.length > 0);
  const found = failed.map(({ backbone, failedSeeds }) => `- ${backbone}: seeds ${failedSeeds.join(', ')}`);
  const isFew = summaries.some(({ runs }) => runs < FULL_RUNS);
  return [
    `# ${results.length} runs under faults`,
    '',
    `Written by \`npm run chaos -- --report docs/chaos.md\`. ${isFew ? `This is not the full experiment of ${FULL_RUNS} runs a backbone.` : ''}`.trim(),
    'A run publishes 30 to 60 items, works them off with 1 to 3 worker processes under 2 or 3 faults, and is judged from',
    'what the effect store wrote down. `chaos/README.md` says what is judged and what each fault is. Minutes are those of',
    'the runs; several ran beside each other.',
    '',
    markdown([HEADINGS, ...rowsOf(summaries)]),
    '',
    '## Faults',
    '',
    markdown([['backbone', ...kinds], ...faults]),
    '',
    '## Violations',
    '',
    ...(found.length === 0 ? ['None.'] : found),
    '',
  ].join('\n');
}

const FULL_RUNS = 1_000;
