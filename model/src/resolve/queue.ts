import { backoffStepsFor, duplicateWindowFor } from '../derive/lease.ts';
import { queueNames } from '../names.ts';
import type { QueueFacts, ResolvedQueue } from '../queue.ts';
import { type Place, report } from './place.ts';

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
