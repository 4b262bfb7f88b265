import { Countdown } from '../queue/contestant.ts';
import type { JobSystem } from '../queue/job-system.ts';

const CONCURRENCY = 8;
const FILLED_AT_ONCE = 1_000;
/** Fills under way at once. */
const FILLERS = 4;
/** Jobs that are added one by one, and jobs that are done, while so many wait. */
const SAMPLE = 500;
const MEGABYTE = 2 ** 20;

/** What it costs that so many jobs wait. */
export interface Depth {
  readonly waiting: number;
  readonly fillPerSecond: number;
  /** That the jobs take where they lie. */
  readonly storedMb: number;
  /** Grown of this process, its client and its worker, from before the fill until the first job. */
  readonly processMb: number;
  /** Milliseconds from starting a worker until its first job. */
  readonly startMs: number;
  readonly addPerSecond: number;
  readonly begunPerSecond: number;
}

/** Fills a queue, then adds to it and works on it while it is full. */
export async function depthOf(system: JobSystem, waiting: number, progress: (done: number) => void): Promise<Depth> {
  await using backlog = await system.open(CONCURRENCY);
  const storedBefore = await system.bytes();
  const processBefore = process.memoryUsage.rss();
  let next = 1;
  const fillFrom = performance.now();
  const fillers = Array.from({ length: FILLERS }, async () => {
    while (next <= waiting) {
      const from = next;
      next += FILLED_AT_ONCE;
      await backlog.fill(from, Math.min(FILLED_AT_ONCE, waiting + 1 - from));
      progress(Math.min(next - 1, waiting));
    }
  });
  await Promise.all(fillers);
  const fillPerSecond = (waiting * 1_000) / (performance.now() - fillFrom);
  const storedMb = ((await system.bytes()) - storedBefore) / MEGABYTE;
  const addPerSecond = await addRate(backlog, waiting);
  const startFrom = performance.now();
  const first = Promise.withResolvers<void>();
  const countdown = new Countdown(SAMPLE);
  const began = (): void => {
    first.resolve();
    countdown.settled();
  };
  await using _ = await backlog.work({ began });
  await first.promise;
  const startMs = performance.now() - startFrom;
  const processMb = (process.memoryUsage.rss() - processBefore) / MEGABYTE;
  await countdown.done;
  const begunPerSecond = ((SAMPLE - 1) * 1_000) / (performance.now() - startFrom - startMs);
  return { waiting, fillPerSecond, storedMb, processMb, startMs, addPerSecond, begunPerSecond };
}

async function addRate(backlog: { add(index: number): Promise<void> }, waiting: number): Promise<number> {
  let next = waiting;
  const from = performance.now();
  const callers = Array.from({ length: CONCURRENCY }, async () => {
    while (next < waiting + SAMPLE) {
      next += 1;
      await backlog.add(next);
    }
  });
  await Promise.all(callers);
  return (SAMPLE * 1_000) / (performance.now() - from);
}
