import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { platform } from './burst-platform.ts';
import { penstock } from './command.ts';

// Real processes, real mails: what the model asks for comes and goes.

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'penstock-burst-'));
});
afterEach(() => rm(state, { recursive: true }));

/** Few enough that their rate, over the window it is taken of, asks for nobody: 300 / 120 s against 3.5/s. */
const MAILS = 300;

test('a burst makes processes come, up to the most, and with the last mail all of them go', async () => {
  const { lagThreshold, minReplicas, maxReplicas } = platform.workers['classify'];
  expect([lagThreshold, minReplicas, maxReplicas]).toEqual([16, 0, 3]);
  let isStopped = false;
  const { status, stdout } = await penstock(
    [
      ...['up', '--model', 'hashed-ngrams-384', '--state', state, '--platform', 'test/cli/burst-platform.ts'],
      ...['--limit', String(MAILS), '--rate', '2000/s', '--replicas', '8'],
    ],
    (printed, child) => {
      // Without work nothing is left, and the platform stays up.
      if (isStopped || !printed.includes('stays up') || !printed.includes('classify x0')) return;
      isStopped = true;
      child.kill('SIGINT');
    },
  );
  expect(status).toBe(0);
  expect(stdout).toContain(`${MAILS} with one effect each + 0 dead letters + 0 open = ${MAILS}`);
  const scaled = [...stdout.matchAll(/^classify x(\d+) of 0 to 3.* backlog (\d+) \(16 each\)/gm)].map(
    ([, replicas, backlog]) => ({ replicas: Number(replicas), backlog: Number(backlog) }),
  );
  // From the first one to as many as the backlog asks for, and then to fewer until there is none.
  const replicas = scaled.map((each) => each.replicas);
  expect(scaled[0]?.backlog).toBeGreaterThan(2 * lagThreshold);
  expect([replicas[0], replicas.at(-1)]).toEqual([3, 0]);
  expect(replicas).toEqual(replicas.toSorted((a, b) => b - a));
  expect(scaled.at(-1)?.backlog).toBe(0);
}, 240_000);
