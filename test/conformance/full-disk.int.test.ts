import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../helpers/requirement.ts';
import { onSmallDisk, smallDisk } from '../helpers/small-disk.ts';
import type { FullDiskReport } from './full-disk-process.ts';

const PROCESS = fileURLToPath(new URL('./full-disk-process.ts', import.meta.url));

describeWith(smallDisk(), 'a full disk', () => {
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
