import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Requirement } from './requirement.ts';

const checkov = (): string => process.env['PENSTOCK_CHECKOV'] ?? '';

/** For `describeWith`. */
export const checkovRequirement = (): Requirement => ({
  name: 'checkov',
  available: existsSync(checkov()),
  howToGet: 'name checkov in PENSTOCK_CHECKOV; `.ci/peers/checkov.sh <folder>` installs it and prints its path',
});

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly file_path: string;
  readonly check_result: { readonly suppress_comment?: string };
}

interface Output {
  readonly results: {
    readonly failed_checks: readonly Check[];
    readonly skipped_checks: readonly Check[];
    readonly parsing_errors: readonly string[];
  };
}

export interface CheckovReport {
  /** One text for each check that fails. */
  readonly failed: readonly string[];
  /** Each check that a resource is taken out of, with its reason. */
  readonly skipped: readonly string[];
}

/** What checkov says of each of some templates, in their order. It asks nobody: its checks come with it. */
export function checkovReports(templates: readonly unknown[]): readonly CheckovReport[] {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-checkov-'));
  for (const [index, template] of templates.entries())
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(template, undefined, 1));
  const { stdout, stderr, error } = spawnSync(
    checkov(),
    ['--framework', 'cloudformation', '--skip-download', '--output', 'json', '--directory', folder],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  rmSync(folder, { recursive: true });
  if (error !== undefined || !stdout.startsWith('{')) throw new Error(`checkov failed: ${error ?? stderr}${stdout}`);
  const { results } = JSON.parse(stdout) as Output;
  if (results.parsing_errors.length > 0) throw new Error(`checkov cannot read ${results.parsing_errors.join(', ')}`);
  const of = (checks: readonly Check[], index: number): readonly Check[] =>
    checks.filter(({ file_path }) => basename(file_path) === `${index}.json`);
  return templates.map((_, index) => ({
    failed: of(results.failed_checks, index).map((each) => `${each.check_id} ${each.resource}: ${each.check_name}`),
    skipped: of(results.skipped_checks, index).map(
      ({ check_id, check_result }) => `${check_id}: ${check_result.suppress_comment ?? ''}`,
    ),
  }));
}
