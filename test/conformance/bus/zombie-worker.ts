import { openBus, startWorker } from '@penstock/kit';
import { pino } from 'pino';
import type { KillWorkerPlan } from './kill-worker.ts';
import { entryOf, openLedger } from './ledger.ts';

// Begins on an item, says so, and applies its effect only when it is told to: whatever has become of its lease by then.

const { bus: url, effects: path, profile } = JSON.parse(process.argv[2] as string) as KillWorkerPlan;

const bus = await openBus(url);
const effects = await openLedger(path);
const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
startWorker({
  profile: { id: 'zombie', concurrency: 1, prefetch: 1, drainMs: 1_000 },
  queue: await bus.bind(profile),
  log: pino({ level: 'silent' }),
  async handler({ idempotencyKey: key, token }) {
    await effects.begin(key, token);
    process.send?.({ began: token });
    await told;
    await effects.apply(key, token, entryOf(key)).then(
      (outcome) => process.send?.({ outcome }),
      (error: { readonly code: string }) => process.send?.({ outcome: error.code }),
    );
  },
});
process.send?.('started');
