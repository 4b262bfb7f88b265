import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, type BusAdmin, openBus, openBusAdmin } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';
import { type Backlog, type Contestant, Countdown, jobOf } from '../contestant.ts';

/** Our embedded driver on a file of its own. */
export async function openSqlite(): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-sqlite-'));
  const url = `sqlite:${join(folder, 'bus.db')}`;
  const remove = () => rm(folder, { recursive: true, force: true });
  return contestantOn(
    url,
    'penstock-sqlite',
    `node:sqlite ${process.versions['sqlite']}, WAL, synchronous=FULL, prefetch = concurrency`,
    remove,
  );
}

/** Our driver on a NATS server. */
export function openNats(url: string, settings: string): Promise<Contestant> {
  return contestantOn(url, 'penstock-nats', `${settings}, prefetch = concurrency`, async () => {});
}

async function contestantOn(
  url: string,
  name: string,
  settings: string,
  remove: () => Promise<void>,
): Promise<Contestant> {
  const admin = await openBusAdmin(url);
  const bus = await openBus(url);
  let opened = 0;
  return {
    name,
    settings,
    open(concurrency) {
      opened += 1;
      return openBacklog(admin, bus, profileOf(opened), concurrency);
    },
    async [Symbol.asyncDispose]() {
      await bus.close();
      await admin.close();
      await remove();
    },
  };
}

async function openBacklog(admin: BusAdmin, bus: Bus, profile: QueueProfile, concurrency: number): Promise<Backlog> {
  await admin.provision(profile);
  const queue = await bus.bind(profile);
  return {
    async add(index) {
      const job = jobOf(index);
      await queue.publish({ idempotencyKey: job.id, payload: Buffer.from(JSON.stringify(job)) });
    },
    async process(jobs) {
      const countdown = new Countdown(jobs);
      const consumption = queue.consume({ prefetch: concurrency }, (lease) => {
        JSON.parse(Buffer.from(lease.payload).toString());
        lease.ack().then(() => countdown.settled(), countdown.fail);
      });
      consumption.closed.catch(countdown.fail);
      await countdown.done;
      const elapsedMs = countdown.elapsedMs();
      await consumption.stop();
      return elapsedMs;
    },
    async [Symbol.asyncDispose]() {},
  };
}

function profileOf(run: number): QueueProfile {
  return {
    id: `bench-${run}`,
    stream: `BENCH_${run}`,
    subject: `bench.queue.${run}`,
    consumer: 'worker',
    deadLetterStream: `BENCH_${run}_DEAD`,
    deadLetterSubject: `bench.dead.${run}`,
    durability: 'fsync',
    ackWaitMs: 60_000,
    maxAckPending: 1_000,
    maxAttempts: 3,
    backoffMs: [1_000],
    maxItemBytes: 65_536,
    duplicateWindowMs: 120_000,
    idempotencyWindowMs: 604_800_000,
    retentionMs: 3_600_000,
    doneWithinMs: 60_000,
  };
}
