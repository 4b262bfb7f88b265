import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from './requirement.ts';

/** Named, never found: its schemas are as old as it is, and an older one refuses what Amazon has added since. */
const cfnLint = (): string => process.env['PENSTOCK_CFN_LINT'] ?? '';

/** For `describeWith`. */
export const cfnLintRequirement = (): Requirement => ({
  name: 'cfn-lint',
  available: existsSync(cfnLint()),
  howToGet: 'name cfn-lint in PENSTOCK_CFN_LINT; `.ci/peers/cfn-lint.sh <folder>` installs it and prints its path',
});

interface Match {
  readonly Level: string;
  readonly Message: string;
  readonly Location: { readonly Path?: readonly (string | number)[] };
  readonly Rule: { readonly Id: string };
}

/** The errors that cfn-lint finds in a template, as one text each. */
export function errorsOf(template: unknown, region: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-cfn-lint-'));
  const file = join(folder, 'template.json');
  writeFileSync(file, JSON.stringify(template));
  const { stdout, stderr, error } = spawnSync(
    cfnLint(),
    ['--format', 'json', '--regions', region, '--template', file],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  rmSync(folder, { recursive: true });
  if (error !== undefined || !stdout.startsWith('[')) throw new Error(`cfn-lint failed: ${error ?? stderr}`);
  return (JSON.parse(stdout) as readonly Match[])
    .filter(({ Level }) => Level === 'Error')
    .map(({ Message, Location, Rule }) => `${Rule.Id} ${Location.Path?.join('/') ?? ''}: ${Message}`);
}
