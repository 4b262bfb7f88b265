import type { ViolationCode, Violations } from '../violations.ts';

// From facts to resolved numbers, one file for each kind of thing. Each derives what was not pinned and then holds the
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

/** @returns false when the fewest replicas are more than the most, which is reported */
export function checkReplicaBounds(
  place: Place,
  { minReplicas, maxReplicas }: { readonly minReplicas: number; readonly maxReplicas: number },
): boolean {
  if (minReplicas <= maxReplicas) return true;
  report(
    place,
    'replicas-inverted',
    'pinned.minReplicas',
    minReplicas,
    `at most maxReplicas ${maxReplicas}`,
    'lower it, or raise maxReplicas',
  );
  return false;
}
