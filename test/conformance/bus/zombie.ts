import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { openBus, openBusAdmin } from '@penstock/kit';
import { endProcess } from '../../helpers/end-process.ts';
import type { KillWorkerPlan } from './kill-worker.ts';
import { testProfile } from './profile.ts';
import { encode } from './suite.ts';

const WORKER = fileURLToPath(new URL('./zombie-worker.ts', import.meta.url));

interface Said {
  readonly began?: number;
  readonly outcome?: string;
}

/** A worker process and all it has said, each to be awaited once. */
class Zombie {
  readonly process: ChildProcess;
  readonly #said: (Said | 'started')[] = [];

  constructor(plan: KillWorkerPlan) {
    this.process = fork(WORKER, [JSON.stringify(plan)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.process.on('message', (message: Said | 'started') => this.#said.push(message));
  }

  async next(): Promise<Said | 'started'> {
    while (this.#said.length === 0) await once(this.process, 'message');
    return this.#said.shift() as Said | 'started';
  }

  end(): Promise<void> {
    return endProcess(this.process, 'SIGKILL');
  }
}

/** A process that stands still beyond its lease wakes up in the belief that the item is still its own. */
export function testZombie(name: string, open: () => Promise<{ readonly url: string; close(): Promise<void> }>): void {
  test(`${name}: a worker that was stopped beyond its lease wakes up and cannot apply its effect`, async () => {
    const backbone = await open();
    const folder = await mkdtemp(join(tmpdir(), 'penstock-zombie-'));
    const profile = testProfile('stopped', { ackWaitMs: 1_000 });
    const plan: KillWorkerPlan = { bus: backbone.url, effects: join(folder, 'effects.db'), profile };
    const admin = await openBusAdmin(backbone.url);
    await admin.provision(profile);
    const bus = await openBus(backbone.url);
    const queue = await bus.bind(profile);

    const first = new Zombie(plan);
    expect(await first.next()).toBe('started');
    await queue.publish({ idempotencyKey: 'one', payload: encode('work') });
    const { began: firstToken } = (await first.next()) as { readonly began: number };
    first.process.kill('SIGSTOP');
    const second = new Zombie(plan);
    expect(await second.next()).toBe('started');
    const { began: secondToken } = (await second.next()) as { readonly began: number };
    expect(secondToken).toBeGreaterThan(firstToken);

    // The second has begun and not yet applied: only the fence stands between the first and a second effect.
    first.process.kill('SIGCONT');
    first.process.send('apply');
    expect(await first.next()).toEqual({ outcome: 'effect-fenced' });
    second.process.send('apply');
    expect(await second.next()).toEqual({ outcome: 'applied' });

    const ledger = new DatabaseSync(plan.effects, { readOnly: true });
    expect(ledger.prepare('SELECT item FROM ledger').all()).toEqual([expect.objectContaining({ item: 'one' })]);
    ledger.close();
    await first.end();
    await second.end();
    await bus.close();
    await admin.close();
    await backbone.close();
    await rm(folder, { recursive: true });
  }, 60_000);
}
