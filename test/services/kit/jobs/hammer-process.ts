import { KitError } from '../../../../services/kit/src/errors.ts';
import { openJobStore } from '../../../../services/kit/src/jobs/open-store.ts';
import { DONE } from './store-fixture.ts';

// Takes every job again and again, as if the bus delivered all of them to everybody, until all are over. Tells its
// parent which ones it was told that it had settled.

const [url = '', name = '', callers = '', jobs = ''] = process.argv.slice(2);
const store = await openJobStore(url);
const over = new Set<string>();

/** Later deliveries have greater ones, whichever process takes them. */
const nextToken = (): number => Number(process.hrtime.bigint() / 1_000n);

async function deliver(id: string): Promise<void> {
  const fence = { job: id, release: 1, token: nextToken() };
  const begun = await store.run('begin', { ...fence, worker: name, leaseUntil: 10, now: 0 });
  if (begun.kind === 'drop') {
    if (begun.why === 'over') over.add(id);
    return;
  }
  const statements = [{ sql: 'INSERT INTO shipped (job, worker) VALUES ($1, $2)', params: [id, name] }];
  if ((await store.run('settle', fence, DONE, 1, { statements })) === 'settled') process.stdout.write(`${id}\n`);
}

async function work(caller: number): Promise<void> {
  const step = Number(callers);
  const mine = Array.from({ length: Math.ceil((Number(jobs) - caller) / step) }, (_, n) => caller + n * step);
  // The two processes come from both ends, so that they meet.
  const ids = mine.map((at) => `j${name === 'victim' ? at : Number(jobs) - 1 - at}`);
  for (let left = ids; left.length > 0; left = left.filter((id) => !over.has(id)))
    for (const id of left)
      await deliver(id).catch((error: unknown) => {
        if (!KitError.is(error) || !error.retryable) throw error;
      });
}

await Promise.all(Array.from({ length: Number(callers) }, (_, caller) => work(caller)));
await store.close();
