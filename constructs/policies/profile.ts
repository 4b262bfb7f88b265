import { PROFILE_VARIABLE } from '@penstock/model';
import { type Container, type Manifest, podsOf } from './manifest.ts';

/** What policies read of the numbers that a service will run by. Written by whoever synthesized it. */
export interface StatedProfile {
  readonly drainMs?: unknown;
  readonly prefetch?: unknown;
  readonly queue?: StatedQueue;
}

export interface StatedQueue {
  readonly stream?: string;
  readonly subject?: string;
  readonly consumer?: string;
  readonly deadLetterStream?: string;
  readonly deadLetterSubject?: string;
  readonly ackWaitMs?: number;
  readonly maxAckPending?: number;
  readonly maxAttempts?: number;
  readonly maxItemBytes?: number;
  readonly duplicateWindowMs?: number;
  readonly retentionMs?: number;
}

/** The profile of a container: undefined when it has none, empty when it cannot be read. */
export function profileOf({ env }: Container): StatedProfile | undefined {
  const text = env?.find(({ name }) => name === PROFILE_VARIABLE)?.value;
  if (text === undefined) return undefined;
  try {
    const profile: unknown = JSON.parse(text);
    return typeof profile === 'object' && profile !== null ? profile : {};
  } catch {
    return {};
  }
}

/** The queue that a workload takes its work from, by the profile of its first container that has one. */
export const queueOf = (workload: Manifest): (StatedQueue & { readonly prefetch: number }) | undefined =>
  podsOf(workload)
    .flatMap(({ containers = [] }) => containers)
    .flatMap((container) => {
      const { queue, prefetch } = profileOf(container) ?? {};
      return queue === undefined ? [] : [{ ...queue, prefetch: Number(prefetch) }];
    })
    .at(0);
