import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../exit.ts';
import { type CheckedTarget, targetLine } from '../report.ts';

/** What became of one target: one line for people, and whether it holds. */
export interface TargetResult {
  readonly ok: boolean;
  readonly line: string;
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/**
 * Synthesizes and checks every target by `penstock check --json` in a process of its own: the cloud libraries are
 * large, and the platform that runs meanwhile must not wait for them.
 */
export const checkTargets = (
  platform: string,
  onResult: (result: TargetResult) => void,
): Promise<readonly TargetResult[]> => readTargets([main, 'check', '--json', '--platform', platform], onResult);

/**
 * What a program of Node says of targets, an object a line. Whatever else it or its libraries print is no verdict; what it
 * printed last is the reason where it ends without one.
 */
export async function readTargets(
  args: readonly string[],
  onResult: (result: TargetResult) => void,
): Promise<readonly TargetResult[]> {
  const results: TargetResult[] = [];
  const add = (result: TargetResult) => {
    results.push(result);
    onResult(result);
  };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // The platform's first mail must not wait for them either.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let lastSaid = 'it said nothing';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const target = checkedTarget(line);
    if (target !== undefined) add({ ok: target.findings.length === 0, line: targetLine(target) });
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastSaid = line.trim();
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const explained = status === EXIT.failed && results.some(({ ok }) => !ok);
  if (status !== EXIT.ok && !explained) add({ ok: false, line: `the check itself ended early: ${lastSaid}` });
  return results;
}

function checkedTarget(line: string): CheckedTarget | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<CheckedTarget>;
    return typeof value.name === 'string' && Array.isArray(value.findings) ? (value as CheckedTarget) : undefined;
  } catch {
    return undefined;
  }
}
