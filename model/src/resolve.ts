import { describeAccelerator } from './accelerator.ts';
import { burnRateAlertsFor } from './derive/alerts.ts';
import {
  batchTime,
  engineReplicasFor,
  maxBatchTokensFor,
  maxQueueTokensFor,
  memoryOf,
  requestsInMemoryFor,
  requestsInTimeFor,
} from './derive/batching.ts';
import { concurrencyFor, leastReplicasFor, prefetchFor } from './derive/capacity.ts';
import { ackWaitFor, backoffStepsFor, duplicateWindowFor, longestHold, retryHorizon } from './derive/lease.ts';
import { partitionsFor } from './derive/partitions.ts';
import {
  cooldownFor,
  lagThresholdFor,
  pollingIntervalFor,
  ratePerReplicaFor,
  reactionTime,
  replicaBoundsFor,
  type ScalingFacts,
  slack,
} from './derive/scaling.ts';
import { progressDeadlineFor, startupBudgetFor } from './derive/startup.ts';
import { drainFor, leastTerminationGrace, SHUTDOWN_OVERHEAD, terminationGraceFor } from './derive/termination.ts';
import type { InferenceEngineFacts, ResolvedInferenceEngine } from './engine.ts';
import { queueNames, topicConsumerNames, topicName, workloadName } from './names.ts';
import type { ObjectiveFacts, ResolvedObjective } from './objective.ts';
import type { QueueFacts, ResolvedQueue } from './queue.ts';
import type { ResolvedTopic, TopicFacts } from './topic.ts';
import type { ViolationCode, Violations } from './violations.ts';
import type { ResolvedWorker, WorkerFacts } from './worker.ts';

// From facts to resolved numbers, one function per kind of thing. Each derives what was not pinned and then holds the
// result against every relation that breaks platforms; what was pinned is reported, never adjusted.

/** Where a thing stands in the declaration, and where its faults go. */
export interface Place {
  readonly topology: string;
  readonly id: string;
  readonly path: string;
  readonly violations: Violations;
}

/** Reports a fault of one field of the thing at `place`. */
export function report(
  place: Place,
  code: ViolationCode,
  field: string,
  received: unknown,
  expected: string,
  repair: string,
): void {
  place.violations.add({ code, path: `${place.path}.${field}`, received: String(received), expected, repair });
}

export function resolveQueue(place: Place, facts: QueueFacts): ResolvedQueue {
  const { pinned, ...rest } = facts;
  const least = facts.publishRetryHorizon;
  const duplicateWindow = pinned.duplicateWindow ?? duplicateWindowFor(least);
  if (least.isLongerThan(duplicateWindow)) {
    report(
      place,
      'duplicate-window-too-short',
      'pinned.duplicateWindow',
      duplicateWindow,
      `at least the publish retry horizon ${least}: a later retry would be a second item`,
      `raise it to ${least}, or unpin it`,
    );
  }
  return {
    ...rest,
    id: place.id,
    ...queueNames(place.topology, place.id),
    duplicateWindow,
    backoffSteps: backoffStepsFor(facts.backoff.initial, facts.backoff.maximum, facts.maxAttempts),
  };
}

export function resolveWorker(place: Place, facts: WorkerFacts, queue: ResolvedQueue): ResolvedWorker {
  const { pinned, ...rest } = facts;
  const { workTime } = facts;
  const concurrency = concurrencyFor(queue.peakRate, workTime, facts.itemsAtOnce);
  const prefetch = pinned.prefetch ?? prefetchFor(concurrency, workTime);
  const scaling: ScalingFacts = { ...queue, workTime, concurrency, coldStart: facts.coldStart, idle: facts.idle };
  const bounds = replicaBoundsFor(scaling);
  const maxReplicas = pinned.maxReplicas ?? Math.max(bounds.max, pinned.minReplicas ?? 0);
  const drain = pinned.terminationGrace?.minus(SHUTDOWN_OVERHEAD) ?? drainFor(workTime.p99);
  const worker: ResolvedWorker = {
    ...rest,
    id: place.id,
    name: workloadName(place.topology, place.id),
    consumer: place.id,
    concurrency,
    prefetch,
    ackWait: pinned.ackWait ?? ackWaitFor(workTime, prefetch, concurrency),
    maxAckPending: pinned.maxAckPending ?? prefetch * maxReplicas,
    minReplicas: pinned.minReplicas ?? Math.min(bounds.min, maxReplicas),
    maxReplicas,
    lagThreshold: lagThresholdFor(scaling),
    ratePerReplica: ratePerReplicaFor(workTime, concurrency),
    pollingInterval: pollingIntervalFor(queue.doneWithin),
    cooldown: pinned.cooldown ?? cooldownFor(facts.coldStart),
    drain,
    terminationGrace: pinned.terminationGrace ?? terminationGraceFor(drain),
  };
  checkPromise(place, worker, queue, scaling);
  checkLease(place, worker, queue);
  checkReplicas(place, worker, queue);
  checkTimes(place, worker);
  return worker;
}

function checkPromise(place: Place, worker: ResolvedWorker, queue: ResolvedQueue, scaling: ScalingFacts): void {
  const { p99 } = worker.workTime;
  if (p99.isLongerThan(queue.doneWithin)) {
    report(
      place,
      'deadline-unreachable',
      'workTime.p99',
      p99,
      `at most the promise of queue ${queue.id}, ${queue.doneWithin}`,
      'make the work shorter, or promise less',
    );
  } else if (worker.idle === 'scale-to-zero' && reactionTime(scaling).isLongerThan(slack(scaling))) {
    report(
      place,
      'scale-to-zero-too-slow',
      'idle',
      `scale-to-zero with ${reactionTime(scaling)} from the arrival of a burst until all its replicas work`,
      `at most ${slack(scaling)}: the promise of ${queue.doneWithin} less p99`,
      "keep replicas warm: idle: 'keep-warm'",
    );
  }
}

function checkLease(place: Place, worker: ResolvedWorker, queue: ResolvedQueue): void {
  const { ackWait, workTime, prefetch, concurrency } = worker;
  const hold = longestHold(workTime, prefetch, concurrency);
  if (!ackWait.isLongerThan(workTime.p99)) {
    report(
      place,
      'ack-wait-too-short',
      'pinned.ackWait',
      ackWait,
      `more than p99 ${workTime.p99}: healthy work would be delivered twice`,
      `raise it to ${ackWaitFor(workTime, prefetch, concurrency)}, or unpin it`,
    );
  } else if (hold.isLongerThan(ackWait)) {
    report(
      place,
      'prefetch-exceeds-lease',
      'pinned.prefetch',
      `${prefetch} items, the last of which is done after ${hold}`,
      `done within the ack wait ${ackWait}`,
      `lower the prefetch to ${concurrency}, or raise the ack wait above ${hold}`,
    );
  }
  const horizon = retryHorizon(ackWait, queue.backoffSteps, queue.maxAttempts);
  if (horizon.isLongerThan(queue.retention)) {
    report(
      { ...place, path: `queues.${queue.id}` },
      'retention-too-short',
      'retention',
      queue.retention,
      `at least ${horizon}: ${queue.maxAttempts} attempts with their waits, or items vanish before they are dead letters`,
      `raise it to ${horizon}, or lower maxAttempts`,
    );
  }
}

function checkReplicas(place: Place, worker: ResolvedWorker, queue: ResolvedQueue): void {
  const { minReplicas, maxReplicas, concurrency, maxAckPending } = worker;
  if (minReplicas > maxReplicas) {
    report(
      place,
      'replicas-inverted',
      'pinned.minReplicas',
      minReplicas,
      `at most maxReplicas ${maxReplicas}`,
      'lower it, or raise maxReplicas',
    );
    return;
  }
  const least = leastReplicasFor(queue.peakRate, worker.workTime, concurrency);
  if (maxReplicas < least) {
    report(
      place,
      'replicas-insufficient',
      'pinned.maxReplicas',
      maxReplicas,
      `at least ${least} to carry the peak of ${queue.peakRate}`,
      `raise it to ${replicaBoundsFor({ ...queue, ...worker }).max}, or unpin it`,
    );
  }
  if (maxAckPending < concurrency * maxReplicas) {
    report(
      place,
      'max-ack-pending-too-small',
      'pinned.maxAckPending',
      maxAckPending,
      `at least ${concurrency * maxReplicas}: ${maxReplicas} replicas of ${concurrency} items; delivery stops silently at the cap`,
      `raise it to ${worker.prefetch * maxReplicas}, or unpin it`,
    );
  }
}

function checkTimes(place: Place, worker: ResolvedWorker): void {
  if (worker.coldStart.isLongerThan(worker.cooldown)) {
    report(
      place,
      'cooldown-too-short',
      'pinned.cooldown',
      worker.cooldown,
      `at least the cold start ${worker.coldStart}: a replica would be stopped while it starts`,
      `raise it to ${cooldownFor(worker.coldStart)}, or unpin it`,
    );
  }
  const least = leastTerminationGrace(worker.workTime.p99);
  if (least.isLongerThan(worker.terminationGrace)) {
    report(
      place,
      'grace-too-short',
      'pinned.terminationGrace',
      worker.terminationGrace,
      `at least ${least}: p99 and the time to shut down`,
      `raise it to ${terminationGraceFor(drainFor(worker.workTime.p99))}, or unpin it`,
    );
  }
}

export function resolveEngine(
  place: Place,
  facts: InferenceEngineFacts,
  declaredRequests: number,
): ResolvedInferenceEngine {
  const { pinned, ...rest } = facts;
  const peakRequests = declaredRequests + facts.otherRequests.perSecond;
  const maxBatchTokens = pinned.maxBatchTokens ?? maxBatchTokensFor(facts);
  const drain = drainFor(facts.doneWithin);
  const engine: ResolvedInferenceEngine = {
    ...rest,
    id: place.id,
    name: workloadName(place.topology, place.id),
    peakRequests,
    replicas: pinned.replicas ?? engineReplicasFor(peakRequests, facts),
    maxBatchTokens,
    ...roomOf(facts, maxBatchTokens),
    startupBudget: startupBudgetFor(facts.loadTime),
    progressDeadline: progressDeadlineFor(facts.coldStart, facts.loadTime),
    drain,
    terminationGrace: terminationGraceFor(drain),
  };
  checkEngine(place, engine);
  return engine;
}

/** What one replica takes in: requests it works on, and tokens that may wait behind them. */
function roomOf(
  facts: InferenceEngineFacts,
  maxBatchTokens: number,
): Pick<ResolvedInferenceEngine, 'maxRequests' | 'maxQueueTokens'> {
  const inTime = Math.max(1, requestsInTimeFor(facts));
  if (facts.task !== 'generation') {
    return { maxRequests: inTime, maxQueueTokens: maxQueueTokensFor(maxBatchTokens, facts) };
  }
  const maxRequests = Math.max(1, Math.min(inTime, requestsInMemoryFor(facts.model.cachePerToken, facts)));
  // What could be done in time and does not run yet; where memory is no limit that is nothing, and one may wait.
  return { maxRequests, maxQueueTokens: Math.max(1, inTime - maxRequests) * facts.tokensPerRequest };
}

function checkEngine(place: Place, engine: ResolvedInferenceEngine): void {
  if (engine.task === 'generation') checkAnswerTime(place, engine);
  else checkBatch(place, engine);
  checkMemory(place, engine);
  const carried = (engine.replicas * engine.tokenRate.perSecond) / engine.tokensPerRequest;
  if (carried < engine.peakRequests) {
    report(
      place,
      'replicas-insufficient',
      'pinned.replicas',
      engine.replicas,
      `enough for ${engine.peakRequests} requests/s at peak; these carry ${Math.floor(carried)}`,
      `raise it to ${engineReplicasFor(engine.peakRequests, engine)}, or unpin it`,
    );
  }
}

function checkAnswerTime(place: Place, engine: ResolvedInferenceEngine): void {
  if (requestsInTimeFor(engine) >= 1) return;
  const alone = batchTime(engine.tokensPerRequest, engine);
  report(
    place,
    'deadline-unreachable',
    'doneWithin',
    engine.doneWithin,
    `at least ${alone}: one request of ${engine.tokensPerRequest} tokens alone on a replica`,
    'promise more time, or measure a faster device',
  );
}

function checkBatch(place: Place, engine: ResolvedInferenceEngine): void {
  const { model, maxBatchTokens, doneWithin } = engine;
  const batch = batchTime(maxBatchTokens, engine);
  if (maxBatchTokens < model.maxTokens) {
    report(
      place,
      'batch-too-small',
      'pinned.maxBatchTokens',
      maxBatchTokens,
      `at least ${model.maxTokens}, the longest input`,
      `raise it to ${maxBatchTokensFor(engine)}, or unpin it`,
    );
  } else if (batch.isLongerThan(doneWithin.times(0.5))) {
    report(
      place,
      'batch-exceeds-deadline',
      'doneWithin',
      doneWithin,
      `at least ${batch.times(2)}: a request waits for one batch of ${maxBatchTokens} tokens and rides in the next`,
      'promise more time, pin a smaller batch, or measure a faster device',
    );
  }
}

function checkMemory(place: Place, engine: ResolvedInferenceEngine): void {
  const { model, accelerator, resources, service } = engine;
  const memory = memoryOf(engine);
  if (memory.needed.isLargerThan(memory.available)) {
    const onCpu = accelerator === 'cpu';
    report(
      place,
      'memory-exceeded',
      onCpu ? 'resources.memory' : 'accelerator',
      `${memory.available} on ${describeAccelerator(accelerator)}`,
      `at least ${memory.needed}: the weights of ${model.id} and what computing with them takes`,
      onCpu ? `raise it to ${memory.needed.toMebibytes('up')} MiB` : 'choose a larger device, or more of them',
    );
  }
  if (accelerator === 'cpu') return;
  const { sharedMemory, nodes } = accelerator;
  if (sharedMemory?.times(2).isLargerThan(resources.memory)) {
    report(
      place,
      'memory-exceeded',
      'resources.memory',
      resources.memory,
      `at least ${sharedMemory.times(2)}: its devices talk over ${sharedMemory} of it`,
      `raise it to ${sharedMemory.times(2)} or what the host side of the server takes, if that is more`,
    );
  }
  if (nodes > 1 && service.runtime !== 'vllm') {
    report(
      place,
      'accelerator-unsupported',
      'accelerator.nodes',
      nodes,
      `1: ${service.name} runs a replica on one node`,
      'choose a larger machine, or serve the model with vllm',
    );
  }
}

export function resolveTopic(place: Place, facts: TopicFacts): ResolvedTopic {
  const name = topicName(place.topology, place.id);
  const partitions = partitionsFor(facts);
  const consumers = facts.consumers.map(({ id, workTime, pinnedMaxReplicas }) => {
    if (pinnedMaxReplicas !== undefined && pinnedMaxReplicas > partitions) {
      report(
        place,
        'replicas-exceed-partitions',
        `consumers.${id}.pinned.maxReplicas`,
        pinnedMaxReplicas,
        `at most ${partitions} partitions: the others would idle`,
        `lower it to ${partitions}, or unpin it`,
      );
    }
    return { id, ...topicConsumerNames(name, id), workTime, maxReplicas: pinnedMaxReplicas ?? partitions };
  });
  return { ...facts, id: place.id, name, partitions, consumers };
}

export function resolveObjective(place: Place, facts: ObjectiveFacts): ResolvedObjective {
  const errorBudget = facts.target.complement();
  const alerts = burnRateAlertsFor(errorBudget, facts.window);
  const mute = alerts.find((alert) => alert.threshold >= 1);
  if (errorBudget === 0 || mute !== undefined) {
    report(
      place,
      'objective-unalertable',
      'target',
      facts.target,
      mute === undefined
        ? 'below 100%: with no budget every late item is an alert'
        : `high enough that ${mute.burnRate} times its budget is below 100%, or no share of late items can fire the alert`,
      mute === undefined
        ? 'write the share you really promise, e.g. "99.9%"'
        : 'raise the target or shorten the window',
    );
  }
  return { ...facts, id: place.id, errorBudget, alerts };
}
