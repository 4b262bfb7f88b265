import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Requirement } from './requirement.ts';

const HOW_TO_GET =
  'put promtool on PATH, or name it in PENSTOCK_PROMTOOL; `.ci/peers/promtool.sh <folder>` unpacks it and prints its path';

/** PENSTOCK_PROMTOOL, else `promtool` on PATH. */
function findPromtool(): string | undefined {
  const named = process.env['PENSTOCK_PROMTOOL'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'promtool'));
  return (named === undefined ? onPath : [named]).find(existsSync);
}

/** For `describeWith`. */
export const promtoolRequirement = (): Requirement => ({
  name: 'promtool',
  available: findPromtool() !== undefined,
  howToGet: HOW_TO_GET,
});

export interface Verdict {
  readonly status: number | null;
  readonly output: string;
}

/** Runs promtool beside files that are written for it. JSON is YAML. */
export function promtool(args: readonly string[], files: Readonly<Record<string, unknown>>): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
    const { status, stdout, stderr } = spawnSync(findPromtool() as string, args, { cwd: folder, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Sample {
  /** In braces, as Prometheus writes them. */
  readonly labels: string;
  readonly value: number;
}

/** What promtool says only where something is wrong. */
export interface Evaluation {
  readonly status: number | null;
  readonly output?: string;
}

export interface EvaluateRulesProps {
  readonly groups: readonly { readonly name: string; readonly rules: readonly unknown[] }[];
  /** Values minute by minute as promtool writes them, by series; `undefined` is a series that is not there. */
  readonly series: Readonly<Record<string, string | undefined>>;
  readonly minutes: number;
  /** Asked for at the end. */
  readonly query: string;
  readonly samples: readonly Sample[];
}

/** Lets Prometheus evaluate rules over series, and compares what a query then finds. */
export function evaluateRules({ groups, series, minutes, query, samples }: EvaluateRulesProps): Evaluation {
  const { status, output } = promtool(['test', 'rules', 'test.yml'], {
    'rules.yml': { groups: groups.map(({ name, rules }) => ({ name, rules })) },
    'test.yml': {
      rule_files: ['rules.yml'],
      // Coarser than the groups' own minute, and a fifth of the work.
      evaluation_interval: '5m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).flatMap(([name, values]) =>
            values === undefined ? [] : [{ series: name, values }],
          ),
          promql_expr_test: [{ expr: query, eval_time: `${minutes}m`, exp_samples: samples }],
        },
      ],
    },
  });
  return status === 0 ? { status } : { status, output };
}
