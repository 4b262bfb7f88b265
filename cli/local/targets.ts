import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What became of one target: one line for people, and whether it holds. */
export interface TargetResult {
  readonly ok: boolean;
  readonly line: string;
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/**
 * Synthesizes and checks every target by `penstock check --brief` in a process of its own: the cloud libraries are
 * large, and the platform that runs meanwhile must not wait for them.
 */
export async function checkTargets(
  platform: string,
  onResult: (result: TargetResult) => void,
): Promise<readonly TargetResult[]> {
  const results: TargetResult[] = [];
  const child = spawn(process.execPath, [main, 'check', '--brief', '--platform', platform], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // The platform's first mail must not wait for them either.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let text = '';
  const take = (chunk: string, ok: boolean) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines.filter((each) => each !== '')) {
      const result = { ok, line };
      results.push(result);
      onResult(result);
    }
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => take(chunk, true));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => take(chunk, false));
  await new Promise((resolve) => child.once('close', resolve));
  return results;
}
