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
