import type { ResolvedInferenceEngine } from './engine.ts';
import {
  type CallProfile,
  type HttpServiceProfile,
  type InferenceEngineProfile,
  type JobProfile,
  PROFILE_VERSION,
  type QueueProfile,
  type WorkerLifetime,
  type WorkerProfile,
} from './profile.ts';
import type { ResolvedQueue } from './queue.ts';
import type { Topology } from './topology.ts';
import type { Duration } from './units.ts';
import type { ResolvedWorker } from './worker.ts';

// From the resolved topology to the wire. Rounded up: a lease or a window may be a little long, never short.
const ms = (duration: Duration): number => duration.toMilliseconds('up');

/** The queue and its consumer as drivers and infrastructure create them. */
export function queueProfile(queue: ResolvedQueue, worker: ResolvedWorker): QueueProfile {
  return {
    id: queue.id,
    stream: queue.stream,
    subject: queue.subject,
    consumer: worker.consumer,
    deadLetterStream: queue.deadLetterStream,
    deadLetterSubject: queue.deadLetterSubject,
    durability: queue.durability,
    ackWaitMs: ms(worker.ackWait),
    maxAckPending: worker.maxAckPending,
    maxAttempts: queue.maxAttempts,
    backoffMs: queue.backoffSteps.map(ms),
    maxItemBytes: queue.maxItemSize.bytes,
    duplicateWindowMs: ms(queue.duplicateWindow),
    idempotencyWindowMs: ms(queue.idempotencyWindow),
    retentionMs: ms(queue.retention),
    doneWithinMs: ms(queue.doneWithin),
  };
}

/** The profile of a worker of this topology, for a replica that stays or for a job that ends with the work. */
export function workerProfile<W extends string>(
  topology: Topology<string, string, W>,
  id: W,
  lifetime: WorkerLifetime = 'endless',
): WorkerProfile {
  const worker = topology.workers[id];
  const queue = topology.queues[worker.queue] as ResolvedQueue;
  return {
    ...common(topology, worker),
    kind: 'worker',
    lifetime,
    queue: queueProfile(queue, worker),
    concurrency: worker.concurrency,
    prefetch: worker.prefetch,
    calls: callsOf(topology, worker.calls),
  };
}

/** The profile of an inference engine of this topology. */
export function engineProfile<E extends string>(topology: Topology<string, E>, id: E): InferenceEngineProfile {
  const engine: ResolvedInferenceEngine = topology.engines[id];
  const { id: model, revision, maxTokens } = engine.model;
  const numbers = {
    ...common(topology, engine),
    kind: 'inference-engine',
    maxBatchTokens: engine.maxBatchTokens,
    maxQueueTokens: engine.maxQueueTokens,
    deadlineMs: ms(engine.doneWithin),
  } as const;
  return engine.task === 'embedding'
    ? { ...numbers, task: 'embedding', model: { id: model, revision, maxTokens, dimensions: engine.model.dimensions } }
    : { ...numbers, task: engine.task, model: { id: model, revision, maxTokens } };
}

/** The profile of a service of this topology that answers requests. */
export function httpServiceProfile<H extends string>(
  topology: Topology<string, string, string, string, H>,
  id: H,
): HttpServiceProfile {
  const service = topology.httpServices[id];
  return {
    ...common(topology, service),
    kind: 'http-service',
    requestsAtOnce: service.requestsAtOnce,
    deadlineMs: ms(service.doneWithin),
    calls: callsOf(topology, service.calls),
    publishes: publishesOf(topology, service.publishes),
  };
}

/** The profile of scheduled work of this topology. */
export function jobProfile<S extends string>(
  topology: Topology<string, string, string, string, string, S>,
  id: S,
): JobProfile {
  const schedule = topology.schedules[id];
  return {
    ...common(topology, schedule),
    kind: 'job',
    deadlineMs: ms(schedule.deadline),
    calls: callsOf(topology, schedule.calls),
    publishes: publishesOf(topology, schedule.publishes),
  };
}

function callsOf(
  topology: Topology,
  calls: readonly { readonly role: string; readonly engine: string }[],
): Readonly<Record<string, CallProfile>> {
  return Object.fromEntries(
    calls.map(({ role, engine: id }) => {
      const engine = topology.engines[id] as ResolvedInferenceEngine;
      return [role, { engine: id, model: engine.model.id, deadlineMs: ms(engine.doneWithin) }];
    }),
  );
}

/** A publisher binds the same queue as the worker that takes from it, with the same numbers. */
function publishesOf(
  topology: Topology,
  publishes: readonly { readonly role: string; readonly queue: string }[],
): Readonly<Record<string, QueueProfile>> {
  return Object.fromEntries(
    publishes.map(({ role, queue: id }) => {
      const worker = Object.values(topology.workers).find(({ queue }) => queue === id) as ResolvedWorker;
      return [role, queueProfile(topology.queues[id] as ResolvedQueue, worker)];
    }),
  );
}

function common(
  topology: Topology,
  workload: {
    readonly id: string;
    readonly service: { readonly name: string; readonly fingerprint: string };
    readonly drain: Duration;
  },
) {
  return {
    version: PROFILE_VERSION,
    topology: topology.name,
    revision: topology.fingerprint,
    id: workload.id,
    service: workload.service.name,
    fingerprint: workload.service.fingerprint,
    drainMs: ms(workload.drain),
  } as const;
}
