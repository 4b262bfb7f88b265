import { flushCompileCache } from 'node:module';
import { openBus, startWorker } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { pino } from 'pino';
import { entryOf, openLedger } from './ledger.ts';

/** Told by the parent as the only argument. */
export interface KillWorkerPlan {
  readonly bus: string;
  readonly effects: string;
  readonly profile: QueueProfile;
}

const { bus: url, effects: path, profile } = JSON.parse(process.argv[2] as string) as KillWorkerPlan;

const bus = await openBus(url);
// Nobody ends by itself here, when Node would keep what it compiled.
flushCompileCache();
const effects = await openLedger(path);
let reported = false;
startWorker({
  profile: { id: 'killed', concurrency: 8, prefetch: 10, drainMs: 1_000 },
  queue: await bus.bind(profile),
  log: pino({ level: 'silent' }),
  async handler(job) {
    if (!reported) process.send?.('working');
    reported = true;
    if ((await effects.begin(job.idempotencyKey, job.token)) === 'applied') return;
    await effects.apply(job.idempotencyKey, job.token, entryOf(job.idempotencyKey));
  },
});
