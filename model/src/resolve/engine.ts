import { describeAccelerator } from '../accelerator.ts';
import {
  batchTime,
  engineReplicasFor,
  maxBatchTokensFor,
  maxQueueTokensFor,
  memoryOf,
  requestsInMemoryFor,
  requestsInTimeFor,
} from '../derive/batching.ts';
import { progressDeadlineFor, startupBudgetFor } from '../derive/startup.ts';
import { drainFor, terminationGraceFor } from '../derive/termination.ts';
import type { InferenceEngineFacts, ResolvedInferenceEngine } from '../engine.ts';
import { workloadName } from '../names.ts';
import { type Place, report } from './place.ts';

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
