import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from './requirement.ts';

/** Runs a command on a disk of 3 MiB of its own, which goes with the command. */
export function onSmallDisk(...command: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-disk-'));
  try {
    const script = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@" "$0"';
    return spawnSync('unshare', ['-rm', 'sh', '-c', script, folder, ...command], {
      encoding: 'utf8',
      timeout: 100_000,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** For `describeWith`. */
export const smallDisk = (): Requirement => ({
  name: 'small-disk',
  available: onSmallDisk('true').status === 0,
  howToGet: 'a Linux that lets this user mount a tmpfs in a namespace of its own (unshare -rm)',
});
