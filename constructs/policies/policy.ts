import type { Container, Manifest, PodSpec } from './manifest.ts';
import { containersOf, podOf } from './manifest.ts';

/** One rule over what was synthesized. */
export interface Policy {
  /** Kebab-case; stands in suppressions and findings. Never changes. */
  readonly id: string;
  /** What goes wrong for whom when it is broken, in one sentence. */
  readonly reason: string;
  /** What is wrong with one object, seen beside all others; empty when it holds. */
  readonly check: (manifest: Manifest, all: readonly Manifest[]) => readonly string[];
}

/** A broken rule. */
export interface Finding {
  readonly policy: string;
  /** `Kind/name`, with its namespace where it has one. */
  readonly object: string;
  /** What is wrong, and what would be right. */
  readonly message: string;
  readonly reason: string;
}

/** A rule over every pod that is made. */
export const podPolicy = (
  id: string,
  reason: string,
  check: (pod: PodSpec, manifest: Manifest) => readonly (string | false)[],
): Policy => ({
  id,
  reason,
  check(manifest) {
    const pod = podOf(manifest);
    return pod === undefined ? [] : check(pod, manifest).filter((message) => message !== false);
  },
});

/** A rule over every container, init containers included. */
export const containerPolicy = (
  id: string,
  reason: string,
  check: (container: Container, pod: PodSpec) => readonly (string | false)[],
): Policy =>
  podPolicy(id, reason, (pod) =>
    containersOf(pod).flatMap((container) =>
      check(container, pod)
        .filter((message) => message !== false)
        .map((message) => `container ${container.name ?? '(unnamed)'}: ${message}`),
    ),
  );
