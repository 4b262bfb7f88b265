import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from './requirement.ts';

const schemathesis = (): string => process.env['PENSTOCK_SCHEMATHESIS'] ?? '';

/** For `describeWith`. */
export const schemathesisRequirement = (): Requirement => ({
  name: 'schemathesis',
  available: existsSync(schemathesis()),
  howToGet:
    'name schemathesis in PENSTOCK_SCHEMATHESIS; `.ci/peers/schemathesis.sh <folder>` installs it and prints its path',
});

/**
 * Calls every operation of an OpenAPI document, with what it allows and what it does not, and holds the answers to it.
 *
 * @returns what it says when something does not hold; undefined when all does
 */
export async function faultsOfApi(documentUrl: string, options: readonly string[] = []): Promise<string | undefined> {
  // It leaves what it learned where it runs.
  const folder = mkdtempSync(join(tmpdir(), 'penstock-schemathesis-'));
  const child = spawn(schemathesis(), ['run', documentUrl, '--no-color', '--seed', '1', ...options], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : output;
}
