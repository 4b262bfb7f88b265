import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dataPath, realData } from '../helpers/manifests.ts';
import { describeWith } from '../helpers/requirement.ts';
import { penstock } from './command.ts';

// The shop as processes: providers that fail, workers that are killed, and books that have to balance.

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'penstock-orders-'));
});
afterEach(() => rm(state, { recursive: true }));

const orders = (...args: readonly string[]) => penstock(['up', '--example', 'orders', '--state', state, ...args]);

describe('orders of flights', () => {
  test('are each fulfilled or taken back, whatever dies on the way, and the books balance to the cent', async () => {
    const { status, stdout } = await orders('--limit', '100', '--kills', '2');
    expect(stdout).not.toContain('BROKEN');
    expect(stdout).toContain('2 workers killed');
    expect(stdout.match(/^ {2}holds /gm)).toHaveLength(8);
    expect(status).toBe(0);
  }, 240_000);

  test('rejects an example that there is not', async () => {
    const { status, stderr } = await penstock(['up', '--example', 'nothing']);
    expect(status).toBe(2);
    expect(stderr).toContain('expected orders');
  });
});

describeWith(realData, 'orders of a permit process', () => {
  test('balance to the cent', async () => {
    const permits = dataPath('events/receipt.csv');
    const { status, stdout } = await orders('--permits', permits, '--limit', '100', '--kills', '2');
    expect(stdout).not.toContain('BROKEN');
    expect(status).toBe(0);
  }, 240_000);
});
