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

const orders = (args: readonly string[], onOutput?: Parameters<typeof penstock>[1]) =>
  penstock(['up', '--example', 'orders', '--state', state, ...args], onOutput);

describe('orders of flights', () => {
  test('are each fulfilled or taken back, whatever dies on the way, and the books balance to the cent', async () => {
    const { status, stdout } = await orders(['--limit', '100', '--kills', '2']);
    expect(stdout).not.toContain('BROKEN');
    expect(stdout).toContain('2 processes killed');
    expect(stdout.match(/^ {2}holds /gm)).toHaveLength(8);
    expect(status).toBe(0);
  }, 240_000);

  test('are shown by a task queue while they are worked on, each task with its payload', async () => {
    const seen: Promise<readonly [unknown, unknown]>[] = [];
    const { status } = await orders(['--limit', '60', '--kills', '0', '--stay'], (printed, child) => {
      const [, url] = /^dashboard {2}(http:\S+)$/m.exec(printed) ?? [];
      if (url === undefined || seen.length > 0 || !printed.includes('stays up')) return;
      const json = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
      const looked = Promise.all([json('/v1/queues/fulfilment'), json('/v1/tasks')]);
      seen.push(looked);
      looked.finally(() => child.kill('SIGINT'));
    });
    expect(status).toBe(0);
    const [queue, tasks] = await (seen[0] as (typeof seen)[number]);
    // Four steps and a message each, of which those after a refusal fail.
    expect(queue).toMatchObject({ queue: 'fulfilment', totals: { added: 300, ended: 300 } });
    expect(tasks).toMatchObject({
      tasks: ['reserve', 'charge', 'ship', 'close', 'notify'].map((name) => ({
        name,
        payload: { type: 'object', required: expect.any(Array) },
      })),
    });
  }, 240_000);

  test('rejects an example that there is not', async () => {
    const { status, stderr } = await penstock(['up', '--example', 'nothing']);
    expect(status).toBe(2);
    expect(stderr).toContain('expected orders');
  }, 60_000);
});

describeWith(realData, 'orders of a permit process', () => {
  test('balance to the cent', async () => {
    const permits = dataPath('events/receipt.csv');
    const { status, stdout } = await orders(['--permits', permits, '--limit', '100', '--kills', '2']);
    expect(stdout).not.toContain('BROKEN');
    expect(status).toBe(0);
  }, 240_000);
});
