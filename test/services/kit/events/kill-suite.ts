import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { EventsFixture } from './fixture.ts';
import { EFFECTS, KEYS, TOPIC } from './kill-plan.ts';
import type { KillPlan } from './kill-process.ts';
import { until } from './outbox-suite.ts';

const PROCESS = fileURLToPath(new URL('./kill-process.ts', import.meta.url));
const ROLES = ['writer', 'relay', 'consumer'] as const;
const KILLS = 12;

/** Between 50 and 349 ms after it was ready; the same ones in every run. */
const delayOf = (kill: number): number => 50 + ((kill * 137) % 300);

async function startPart(plan: KillPlan): Promise<ChildProcess> {
  const child = fork(PROCESS, [JSON.stringify(plan)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the ${plan.role} ended by itself with ${code}`)));
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** Writer, relay and consumer are killed in turn at any moment; then nothing is missing, double or out of order. */
export function testKills(name: string, open: () => Promise<EventsFixture>): void {
  test(`on ${name} every event has its effect once and in order, whichever part is killed`, async () => {
    await using fixture = await open();
    const written = async () => {
      const rows = await fixture.rows<{ readonly id: string }>('SELECT id FROM orders');
      return Object.fromEntries(KEYS.map((key) => [key, rows.filter(({ id }) => id.startsWith(`${key}-`)).length]));
    };
    const start = async (role: KillPlan['role']): Promise<ChildProcess> =>
      startPart({ role, url: fixture.url, logUrl: fixture.logUrl, effects: EFFECTS, written: await written() });
    const parts = new Map<KillPlan['role'], ChildProcess>();
    try {
      for (const role of ROLES) parts.set(role, await start(role));
      for (let n = 0; n < KILLS; n += 1) {
        const role = ROLES[n % ROLES.length] as KillPlan['role'];
        await new Promise((resolve) => setTimeout(resolve, delayOf(n)));
        await kill(parts.get(role) as ChildProcess);
        parts.set(role, await start(role));
      }
      await until(async () => Object.values(await written()).every((count) => count >= 5));
      await kill(parts.get('writer') as ChildProcess);
      const orders = await fixture.rows<{ readonly id: string }>('SELECT id FROM orders ORDER BY id');
      await until(async () => (await fixture.database.run('measureOutbox')).waiting === 0);
      await until(async () => (await fixture.log.lag('billing', TOPIC)).every(({ lag }) => lag === 0));
      const effects = await fixture.rows<{ readonly id: string; readonly note: string }>(
        'SELECT id, note FROM effects ORDER BY id',
      );
      expect(effects.filter(({ note }) => note === 'out of order')).toEqual([]);
      expect(effects.map(({ id }) => id)).toEqual(orders.map(({ id }) => id));
      expect(orders.length).toBeGreaterThan(KEYS.length * 5 - 1);
    } finally {
      for (const child of parts.values()) child.kill('SIGKILL');
    }
  }, 180_000);
}
