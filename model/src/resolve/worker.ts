import { concurrencyFor, leastReplicasFor, prefetchFor } from '../derive/capacity.ts';
import { ackWaitFor, longestHold, retryHorizon } from '../derive/lease.ts';
import {
  cooldownFor,
  lagThresholdFor,
  pollingIntervalFor,
  ratePerReplicaFor,
  reactionTime,
  replicaBoundsFor,
  type ScalingFacts,
  slack,
} from '../derive/scaling.ts';
import { drainFor, leastTerminationGrace, SHUTDOWN_OVERHEAD, terminationGraceFor } from '../derive/termination.ts';
import { workloadName } from '../names.ts';
import type { ResolvedQueue } from '../queue.ts';
import type { ResolvedWorker, WorkerFacts } from '../worker.ts';
import { checkReplicaBounds, type Place, report } from './place.ts';

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
  const { maxReplicas, concurrency, maxAckPending } = worker;
  if (!checkReplicaBounds(place, worker)) return;
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
