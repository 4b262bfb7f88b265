import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, type BusAdmin, type Lease, openBus, openBusAdmin, type Queue, startWorker } from '@penstock/kit';
import { declareWorker, defineTopology, type WorkerProfile, workerProfile } from '@penstock/model';
import { pino } from 'pino';
import { type Backlog, type Contestant, Countdown, jobOf } from '../contestant.ts';

/** How many leases are out: what the model derives from the declaration, or as many as handlers run. */
export type Ahead = 'derived' | 'nothing';

/** Our embedded driver on a file of its own. */
export async function openSqlite(name: string, ahead: Ahead): Promise<Contestant> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-sqlite-'));
  const url = `sqlite:${join(folder, 'bus.db')}`;
  const remove = () => rm(folder, { recursive: true, force: true });
  return contestantOn(url, name, `node:sqlite ${process.versions['sqlite']}, WAL, synchronous=FULL`, ahead, remove);
}

/** One of our drivers on a server, as bare as its peer: an ack for each item, no worker around it. */
export function openOnServer(name: string, url: string, settings: string): Promise<Contestant> {
  return contestantOn(url, name, settings, 'nothing', async () => {});
}

async function contestantOn(
  url: string,
  name: string,
  settings: string,
  ahead: Ahead,
  remove: () => Promise<void>,
): Promise<Contestant> {
  const admin = await openBusAdmin(url);
  const bus = await openBus(url);
  let opened = 0;
  return {
    name,
    settings: `${settings}; ${ahead === 'derived' ? 'startWorker, prefetch derived for jobs of 1 ms' : 'consume, prefetch = concurrency'}`,
    open(concurrency) {
      opened += 1;
      return openBacklog(admin, bus, profileOf(opened, concurrency), ahead);
    },
    async [Symbol.asyncDispose]() {
      await bus.close();
      await admin.close();
      await remove();
    },
  };
}

async function openBacklog(admin: BusAdmin, bus: Bus, profile: WorkerProfile, ahead: Ahead): Promise<Backlog> {
  await admin.provision(profile.queue);
  const queue = await bus.bind(profile.queue);
  return {
    async add(index) {
      const job = jobOf(index);
      await queue.publish({ idempotencyKey: job.id, payload: Buffer.from(JSON.stringify(job)) });
    },
    process: (jobs) => (ahead === 'derived' ? byWorker(queue, profile, jobs) : byLease(queue, profile, jobs)),
    async [Symbol.asyncDispose]() {},
  };
}

const read = ({ payload }: Pick<Lease, 'payload'>): unknown => JSON.parse(Buffer.from(payload).toString());

/** As a service runs: the kit's worker with the numbers of its profile. */
async function byWorker(queue: Queue, profile: WorkerProfile, jobs: number): Promise<number> {
  const countdown = new Countdown(jobs);
  const counted: Queue = {
    profile: queue.profile,
    publish: (item) => queue.publish(item),
    depth: () => queue.depth(),
    deadLetters: (options) => queue.deadLetters(options),
    consume: (options, onLease) => queue.consume(options, (lease) => onLease(counting(lease, countdown))),
  };
  const log = pino({ level: 'silent' });
  const worker = startWorker({ profile, queue: counted, log, handler: async (job) => void read(job) });
  worker.closed.catch(countdown.fail);
  await countdown.done;
  const elapsedMs = countdown.elapsedMs();
  await worker.drain();
  return elapsedMs;
}

/** Tells when the ack is durable, which the worker tells nobody. */
function counting(lease: Lease, countdown: Countdown): Lease {
  const ack = lease.ack.bind(lease);
  lease.ack = () => ack().then(() => countdown.settled(), countdown.fail);
  return lease;
}

async function byLease(queue: Queue, { concurrency }: WorkerProfile, jobs: number): Promise<number> {
  const countdown = new Countdown(jobs);
  const consumption = queue.consume({ prefetch: concurrency }, (lease) => {
    read(lease);
    lease.ack().then(() => countdown.settled(), countdown.fail);
  });
  consumption.closed.catch(countdown.fail);
  await countdown.done;
  const elapsedMs = countdown.elapsedMs();
  await consumption.stop();
  return elapsedMs;
}

const service = declareWorker({ name: 'bench', payload: 'bench.v1', calls: [] });

/** The declaration that a user would write for jobs of 1 ms, at this concurrency. */
export function profileOf(run: number, concurrency: number): WorkerProfile {
  const topology = defineTopology({
    name: `bench-${run}`,
    queues: {
      jobs: {
        arrivalRate: '10000/s',
        peakRate: '50000/s',
        doneWithin: '1 minute',
        maxItemSize: '64 KiB',
        durability: 'fsync',
      },
    },
    workers: {
      work: {
        service,
        queue: 'jobs',
        workTime: { mean: '1 millisecond', p99: '10 milliseconds' },
        itemsAtOnce: concurrency,
        resources: { cpu: 1, memory: '1 GiB' },
      },
    },
  });
  return workerProfile(topology, 'work');
}
