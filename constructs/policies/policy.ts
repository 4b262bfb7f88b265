import type { Container, Manifest, PodSpec } from './manifest.ts';
import { containersOf, podsOf } from './manifest.ts';

/** One rule over what was synthesized. */
export interface Policy {
  /** Kebab-case; stands in suppressions and findings. Never changes. */
  readonly id: string;
  /** Its numbers in the catalogue of rules that docs/policies.md follows. */
  readonly rules: readonly number[];
  /** Who asks for it beside us. */
  readonly source: string;
  /** Kinds of the other objects that it looks at. @default - it looks at one object alone */
  readonly reads?: readonly string[];
  /** What goes wrong for whom when it is broken, in one sentence. */
  readonly reason: string;
  /** What is wrong with one object, seen beside all others of the kinds it reads; empty when it holds. */
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

/** A policy without its check: what the table in the documentation is made of. */
export type PolicyFacts = Omit<Policy, 'check'>;

type Messages = readonly (string | false)[];

const found = (messages: Messages): readonly string[] => messages.filter((message) => message !== false);

/** A rule over every object of some kinds. */
export const kindPolicy = (
  facts: PolicyFacts,
  kinds: readonly string[],
  check: (manifest: Manifest, all: readonly Manifest[]) => Messages,
): Policy => ({
  ...facts,
  check: (manifest, all) => (kinds.includes(manifest.kind) ? found(check(manifest, all)) : []),
});

/** A rule over every pod that is made. */
export const podPolicy = (
  facts: PolicyFacts,
  check: (pod: PodSpec, manifest: Manifest, all: readonly Manifest[]) => Messages,
): Policy => ({
  ...facts,
  check: (manifest, all) => podsOf(manifest).flatMap((pod) => found(check(pod, manifest, all))),
});

/** A rule over every container, init containers included. */
export const containerPolicy = (
  facts: PolicyFacts,
  check: (container: Container, pod: PodSpec, manifest: Manifest) => Messages,
): Policy =>
  podPolicy(facts, (pod, manifest) =>
    containersOf(pod).flatMap((container) =>
      found(check(container, pod, manifest)).map((message) => `container ${container.name ?? '(unnamed)'}: ${message}`),
    ),
  );
