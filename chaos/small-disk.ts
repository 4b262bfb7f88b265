import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { KitError } from '@penstock/kit';
import type { Plan } from './plan.ts';
import type { RunResult } from './run.ts';

const RUN = fileURLToPath(new URL('./run-in-folder.ts', import.meta.url));
const MOUNT = 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@" "$0"';

let known: boolean | undefined;

/** Whether this user may mount a disk in a namespace of its own. */
export function canMount(): boolean {
  known ??= spawnSync('unshare', ['-rm', 'true']).status === 0;
  return known;
}

/** Performs a run on a disk of its own, in memory, that can be filled: in a process that alone sees it. */
export async function performOnSmallDisk(plan: Plan): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-chaos-disk-'));
  try {
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', RUN, JSON.stringify(plan)];
    const child = spawn('unshare', ['-rm', 'sh', '-c', MOUNT, folder, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (said === '') throw new KitError('storage-failed', `a run on a small disk said nothing: ${complained}`);
    return JSON.parse(said) as RunResult;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
