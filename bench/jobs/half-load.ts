import type { JobSystem } from '../queue/job-system.ts';

const CONCURRENCY = 8;
/** Arrivals of one tick of the clock are sent together; their times stay their own. */
const TICK_MS = 1;
/** What has not begun by then never will, or the load was more than half. */
const LONGEST_WAIT_MS = 60_000;

export interface HalfLoad {
  /** Jobs per second with as many callers as handlers, added and done at once. */
  readonly perSecond: number;
  /** Milliseconds from when a job should have been added until its handler has it, at half of that. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * How long a job waits where there is room for it. The loop is open: jobs come at even times, whether or not those
 * before are done, so that a system that stands still is not asked less meanwhile.
 */
export async function halfLoadOf(system: JobSystem, jobs: number): Promise<HalfLoad> {
  await using backlog = await system.open(CONCURRENCY);
  let next = 0;
  const begunAt = new Map<number, number>();
  let awaited = { count: jobs, reached: Promise.withResolvers<void>() };
  const began = (index: number): void => {
    if (begunAt.has(index)) return;
    begunAt.set(index, performance.now());
    if (begunAt.size >= awaited.count) awaited.reached.resolve();
  };
  await using _ = await backlog.work({ began });
  const closedFrom = performance.now();
  const callers = Array.from({ length: CONCURRENCY }, async () => {
    while (next < jobs) {
      next += 1;
      await backlog.add(next);
    }
  });
  await Promise.all(callers);
  await awaited.reached.promise;
  const perSecond = (jobs * 1_000) / (performance.now() - closedFrom);

  awaited = { count: 2 * jobs, reached: Promise.withResolvers<void>() };
  const everyMs = 2_000 / perSecond;
  const openFrom = performance.now() + TICK_MS;
  const dueAt = (index: number): number => openFrom + (index - jobs - 1) * everyMs;
  const adding: Promise<void>[] = [];
  while (next < 2 * jobs) {
    for (; next < 2 * jobs && dueAt(next + 1) <= performance.now(); adding.push(backlog.add(next))) next += 1;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(adding);
  await Promise.race([awaited.reached.promise, new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS).unref())]);
  const waits = Array.from({ length: jobs }, (_, at) => jobs + 1 + at)
    .map((index) => (begunAt.get(index) ?? Number.POSITIVE_INFINITY) - dueAt(index))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => waits[Math.ceil(share * waits.length) - 1] ?? Number.NaN;
  return { perSecond, p50: at(0.5), p99: at(0.99) };
}
