import { leastReplicasFor, TARGET_UTILISATION } from '../derive/capacity.ts';
import { cooldownFor, warmReplicaBoundsFor } from '../derive/scaling.ts';
import { drainFor, leastTerminationGrace, SHUTDOWN_OVERHEAD, terminationGraceFor } from '../derive/termination.ts';
import type { HttpServiceFacts, ResolvedHttpService } from '../http-service.ts';
import { workloadName } from '../names.ts';
import { checkReplicaBounds, type Place, report } from './place.ts';

export function resolveHttpService(place: Place, facts: HttpServiceFacts): ResolvedHttpService {
  const { pinned, ...rest } = facts;
  const bounds = warmReplicaBoundsFor(facts);
  const maxReplicas = pinned.maxReplicas ?? Math.max(bounds.max, pinned.minReplicas ?? 0);
  // The longest request that is waited for is one that takes the whole promise.
  const drain = pinned.terminationGrace?.minus(SHUTDOWN_OVERHEAD) ?? drainFor(facts.doneWithin);
  const service: ResolvedHttpService = {
    ...rest,
    id: place.id,
    name: workloadName(place.topology, place.id),
    minReplicas: pinned.minReplicas ?? Math.min(bounds.min, maxReplicas),
    maxReplicas,
    targetUtilisation: TARGET_UTILISATION,
    cooldown: cooldownFor(facts.coldStart),
    drain,
    terminationGrace: pinned.terminationGrace ?? terminationGraceFor(drain),
  };
  checkTimes(place, service);
  checkReplicas(place, service);
  return service;
}

function checkTimes(place: Place, { requestTime, doneWithin, terminationGrace }: ResolvedHttpService): void {
  if (requestTime.p99.isLongerThan(doneWithin)) {
    report(
      place,
      'deadline-unreachable',
      'requestTime.p99',
      requestTime.p99,
      `at most the promise, ${doneWithin}`,
      'answer faster, or promise less',
    );
  }
  const least = leastTerminationGrace(doneWithin);
  if (least.isLongerThan(terminationGrace)) {
    report(
      place,
      'grace-too-short',
      'pinned.terminationGrace',
      terminationGrace,
      `at least ${least}: the longest request and the time to shut down`,
      `raise it to ${terminationGraceFor(drainFor(doneWithin))}, or unpin it`,
    );
  }
}

function checkReplicas(place: Place, service: ResolvedHttpService): void {
  const { maxReplicas, peakRate, requestTime, requestsAtOnce } = service;
  if (!checkReplicaBounds(place, service)) return;
  const least = leastReplicasFor(peakRate, requestTime, requestsAtOnce);
  if (maxReplicas < least) {
    report(
      place,
      'replicas-insufficient',
      service.limitedBy === 'cpu' ? 'pinned.maxReplicas' : 'pinned.replicas',
      maxReplicas,
      `at least ${least} to carry the peak of ${peakRate}`,
      `raise it to ${warmReplicaBoundsFor(service).max}, or unpin it`,
    );
  }
}
