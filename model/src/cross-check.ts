import type { ResolvedInferenceEngine } from './engine.ts';
import type { HttpServiceFacts } from './http-service.ts';
import type { ResolvedQueue } from './queue.ts';
import { type Place, report } from './resolve/place.ts';
import type { ResolvedSchedule } from './schedule.ts';
import type { Duration } from './units.ts';
import type { Violations } from './violations.ts';
import type { ResolvedWorker, WorkerFacts } from './worker.ts';

// Relations between the parts of a topology: who calls whom how often, who publishes what to whom, who bears which name.

/** A workload as those see it that it calls and publishes to. */
export interface Caller {
  readonly place: Place;
  /** The longest work that a call is a part of. */
  readonly p99: Duration;
  readonly calls: readonly Call[];
  readonly publishes: readonly Publish[];
}

interface Call {
  readonly role: string;
  readonly engine: string;
  /** Calls a second at peak. */
  readonly peak: number;
}

interface Publish {
  readonly role: string;
  readonly queue: string;
  /** Type and version of the payload. */
  readonly payload: string | undefined;
  /** Items a second at peak. */
  readonly peak: number;
}

export const callerOf = {
  worker: (place: Place, { workTime, calls }: WorkerFacts, queue: ResolvedQueue | undefined): Caller => ({
    place,
    p99: workTime.p99,
    calls: calls.map((call) => ({ ...call, peak: call.perItem * (queue?.peakRate.perSecond ?? 0) })),
    publishes: [],
  }),

  httpService: (place: Place, { service, requestTime, peakRate, calls, publishes }: HttpServiceFacts): Caller => ({
    place,
    p99: requestTime.p99,
    calls: calls.map((call) => ({ ...call, peak: call.perRequest * peakRate.perSecond })),
    publishes: publishes.map((publish) => ({
      ...publish,
      payload: service.publishes[publish.role],
      peak: publish.perRequest * peakRate.perSecond,
    })),
  }),

  schedule: (place: Place, { service, runTime, runsAtOnce, calls, publishes }: ResolvedSchedule): Caller => ({
    place,
    p99: runTime.p99,
    calls: calls.map((call) => ({ ...call, peak: call.peakRate.perSecond * runsAtOnce })),
    publishes: publishes.map((publish) => ({
      ...publish,
      payload: service.publishes[publish.role],
      peak: publish.peakRate.perSecond * runsAtOnce,
    })),
  }),
} as const;

/** Calls a second at peak of each engine: the sum over all callers, whose peaks may come together. */
export function peakRequestsOf(callers: readonly Caller[]): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const { engine, peak } of callers.flatMap(({ calls }) => calls)) {
    rates.set(engine, (rates.get(engine) ?? 0) + peak);
  }
  return rates;
}

/** An answer that may come later than the work that asks for it is no answer. */
export function checkCalls(
  callers: readonly Caller[],
  engineOf: (caller: Caller, call: Call) => ResolvedInferenceEngine | undefined,
): void {
  for (const caller of callers) {
    for (const call of caller.calls) {
      const engine = engineOf(caller, call);
      if (engine === undefined || !engine.doneWithin.isLongerThan(caller.p99)) continue;
      report(
        caller.place,
        'call-slower-than-work',
        `calls.${call.role}`,
        `${call.engine} promises an answer within ${engine.doneWithin}`,
        `at most p99 of the work, ${caller.p99}`,
        'promise faster answers, or measure p99 with the call in it',
      );
    }
  }
}

/** What is published has to be what the queue's worker understands, and no more of it than the queue was declared for. */
export function checkPublishers(
  callers: readonly Caller[],
  workers: readonly ResolvedWorker[],
  violations: Violations,
  queueOf: (caller: Caller, publish: Publish) => ResolvedQueue | undefined,
): void {
  const published = callers.flatMap((caller) =>
    caller.publishes.flatMap((publish) => {
      const queue = queueOf(caller, publish);
      return queue === undefined ? [] : [{ caller, publish, queue }];
    }),
  );
  const workerOf = new Map(workers.map((worker) => [worker.queue, worker] as const));
  for (const { caller, publish, queue } of published) {
    const worker = workerOf.get(queue.id);
    if (worker === undefined || worker.service.payload === publish.payload) continue;
    report(
      caller.place,
      'payload-mismatch',
      `publishes.${publish.role}`,
      `${publish.payload} to queue ${queue.id}`,
      `${worker.service.payload}, what its worker ${worker.id} understands`,
      'publish to a queue whose worker understands it, or deploy a worker that does',
    );
  }
  for (const [queue, publishers] of Map.groupBy(published, (each) => each.queue)) {
    const peak = Number(publishers.reduce((sum, { publish }) => sum + publish.peak, 0).toPrecision(12));
    if (peak <= queue.peakRate.perSecond) continue;
    violations.add({
      code: 'publishers-exceed-peak',
      path: `queues.${queue.id}.peakRate`,
      received: String(queue.peakRate),
      expected: `at least ${peak}/s, what ${publishers.map(({ caller }) => caller.place.path).join(', ')} publish at peak`,
      repair: `raise it to "${peak}/s", or publish less`,
    });
  }
}

/** A queue is work for one kind of worker: with none it only fills, with two each gets an arbitrary part. */
export function checkConsumers(
  queues: readonly string[],
  workers: Readonly<Record<string, unknown>>,
  violations: Violations,
): void {
  const takersOf = Map.groupBy(
    Object.keys(workers),
    (id) => (workers[id] as { readonly queue?: unknown } | null | undefined)?.queue,
  );
  for (const queue of queues) {
    const takers = takersOf.get(queue) ?? [];
    if (takers.length === 0) {
      violations.add({
        code: 'queue-unconsumed',
        path: `queues.${queue}`,
        received: 'no worker',
        expected: 'one worker that takes from it',
        repair: `declare a worker with queue: '${queue}', or remove the queue`,
      });
    } else if (takers.length > 1) {
      violations.add({
        code: 'queue-contested',
        path: `queues.${queue}`,
        received: takers.join(', '),
        expected: 'one worker that takes from it',
        repair: 'give each worker a queue of its own, or use a topic',
      });
    }
  }
}

const WORKLOADS = ['workers', 'engines', 'httpServices', 'schedules', 'migrations'] as const;

/** Workloads bear their ids as names of one kind of object, whichever section they stand in. */
export function checkIds(
  sections: Readonly<Record<(typeof WORKLOADS)[number], Readonly<Record<string, unknown>>>>,
  violations: Violations,
): void {
  const seen = new Map<string, string>();
  for (const kind of WORKLOADS) {
    for (const id of Object.keys(sections[kind])) {
      const first = seen.get(id);
      if (first === undefined) {
        seen.set(id, kind);
        continue;
      }
      violations.add({
        code: 'name-taken',
        path: `${kind}.${id}`,
        received: `${id}, which ${first}.${id} is called too`,
        expected: 'one workload of a name: both would write the same objects',
        repair: 'rename one of them',
      });
    }
  }
}
