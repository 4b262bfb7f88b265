import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { openBus, openBusAdmin, type Queue } from '@penstock/kit';
import type { KillWorkerPlan } from './kill-worker.ts';
import { testProfile } from './profile.ts';
import { encode } from './suite.ts';

const KILLS = 100;
const ITEMS_PER_KILL = 20;
const WORKERS = 2;
const WORKER = fileURLToPath(new URL('./kill-worker.ts', import.meta.url));

/** Between 0 and 24 ms after the first item was taken; the same ones in every run. */
const delayOf = (kill: number): number => (kill * 7) % 25;

async function killOnce(plan: KillWorkerPlan, kill: number): Promise<void> {
  const child = startChild(plan);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended by itself with ${code}`)));
  });
  await new Promise((resolve) => setTimeout(resolve, delayOf(kill)));
  child.kill('SIGKILL');
  await exited;
}

const startChild = (plan: KillWorkerPlan): ChildProcess =>
  fork(WORKER, [JSON.stringify(plan)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

async function publishSome(queue: Queue, kill: number): Promise<void> {
  await Promise.all(
    Array.from({ length: ITEMS_PER_KILL }, (_, n) =>
      queue.publish({ idempotencyKey: `${kill}-${n}`, payload: encode('work') }),
    ),
  );
}

/** Kills worker processes in the middle of their work and counts effects by a ledger that would show one twice. */
export function testKill9(
  name: string,
  open: () => Promise<{ readonly url: string; close(): Promise<void> }>,
  kills = KILLS,
): void {
  test(`${name}: workers killed ${kills} times lose no item and apply no effect twice`, async () => {
    const backbone = await open();
    const folder = await mkdtemp(join(tmpdir(), 'penstock-kill-'));
    const profile = testProfile('killed', { ackWaitMs: 1_000, maxAttempts: 100, maxAckPending: 1_000 });
    const plan: KillWorkerPlan = { bus: backbone.url, effects: join(folder, 'effects.db'), profile };
    const admin = await openBusAdmin(backbone.url);
    await admin.provision(profile);
    const bus = await openBus(backbone.url);
    const queue = await bus.bind(profile);
    let kill = 0;
    const killer = async (): Promise<void> => {
      while (kill < kills) {
        const mine = kill++;
        await publishSome(queue, mine);
        await killOnce(plan, mine);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, killer));
    const last = startChild(plan);
    const gone = new Promise((resolve) => last.once('exit', resolve));
    const unfinished = async (): Promise<number> => {
      const { ready, delayed, leased } = await queue.depth();
      return ready + delayed + leased;
    };
    while ((await unfinished()) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    last.kill('SIGKILL');
    await gone;
    const ledger = new DatabaseSync(plan.effects, { readOnly: true });
    const rows = ledger
      .prepare('SELECT item, count(*) AS effects FROM ledger GROUP BY item')
      .all() as unknown as readonly { readonly item: string; readonly effects: number }[];
    ledger.close();
    expect(rows.filter(({ effects }) => effects > 1)).toEqual([]);
    expect(rows).toHaveLength(kills * ITEMS_PER_KILL);
    expect(await queue.deadLetters()).toEqual([]);
    await bus.close();
    await admin.close();
    await backbone.close();
    await rm(folder, { recursive: true });
  }, 600_000);
}
