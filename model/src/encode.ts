import type { ResolvedInferenceEngine } from './engine.ts';
import { type InferenceEngineProfile, PROFILE_VERSION, type QueueProfile, type WorkerProfile } from './profile.ts';
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

/** The profile of a worker of this topology. */
export function workerProfile<W extends string>(topology: Topology<string, string, W>, id: W): WorkerProfile {
  const worker = topology.workers[id];
  const queue = topology.queues[worker.queue] as ResolvedQueue;
  return {
    ...common(topology, worker),
    kind: 'worker',
    queue: queueProfile(queue, worker),
    concurrency: worker.concurrency,
    prefetch: worker.prefetch,
    calls: Object.fromEntries(
      worker.calls.map(({ role, engine: engineId }) => {
        const engine = topology.engines[engineId] as ResolvedInferenceEngine;
        return [role, { engine: engineId, model: engine.model.id, deadlineMs: ms(engine.doneWithin) }];
      }),
    ),
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

function common(topology: Topology, workload: ResolvedWorker | ResolvedInferenceEngine) {
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
