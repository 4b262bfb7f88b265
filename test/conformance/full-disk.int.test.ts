import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../helpers/requirement.ts';
import type { FullDiskReport } from './full-disk-process.ts';

const PROCESS = fileURLToPath(new URL('./full-disk-process.ts', import.meta.url));

/** Runs a command on a disk of 3 MiB of its own, which goes with the command. */
function onSmallDisk(...command: readonly string[]) {
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

const smallDisk = {
  name: 'small-disk',
  available: onSmallDisk('true').status === 0,
  howToGet: 'a Linux that lets this user mount a tmpfs in a namespace of its own (unshare -rm)',
};

describeWith(smallDisk, 'a full disk', () => {
  let report: FullDiskReport;

  beforeAll(() => {
    const { stdout, stderr } = onSmallDisk(process.execPath, '--disable-warning=ExperimentalWarning', PROCESS);
    if (stdout === '') throw new Error(stderr);
    report = JSON.parse(stdout) as FullDiskReport;
  }, 120_000);

  test('refuses a publish with storage-full', () => {
    expect(report.refusedWith).toBe('storage-full');
    expect(report.accepted.length).toBeGreaterThan(5);
  });

  test('loses nothing that was accepted, and publishing works again when there is room', () => {
    expect(report.takenOnceThereIsRoom).toEqual([...report.accepted, 'after']);
  });

  test('refuses an effect with storage-full', () => {
    expect(report.effectRefusedWith).toBe('storage-full');
    expect(report.applied.length).toBeGreaterThan(5);
  });

  test('keeps every effect it has confirmed, and the refused one can be applied once there is room', () => {
    expect(report.rows).toBe(report.applied.length + 1);
  });
});
