import type { Manifest } from './manifest.ts';

/**
 * Finds objects of a list by a text that is theirs, e.g. their name. A list is walked once and remembered: with hundreds
 * of workloads no rule may walk over all of them for each.
 */
export function lookup(
  textsOf: (manifest: Manifest) => readonly string[],
): (all: readonly Manifest[], text: string) => readonly Manifest[] {
  const walked = new WeakMap<readonly Manifest[], ReadonlyMap<string, readonly Manifest[]>>();
  return (all, text) => {
    const byText = walked.get(all) ?? walk(all, textsOf);
    walked.set(all, byText);
    return byText.get(text) ?? [];
  };
}

function walk(
  all: readonly Manifest[],
  textsOf: (manifest: Manifest) => readonly string[],
): ReadonlyMap<string, readonly Manifest[]> {
  const byText = new Map<string, Manifest[]>();
  for (const manifest of all) {
    for (const text of new Set(textsOf(manifest))) {
      const found = byText.get(text);
      if (found === undefined) byText.set(text, [manifest]);
      else found.push(manifest);
    }
  }
  return byText;
}

/** Finds objects by `Kind/namespace/name`. */
export const byIdentity = lookup(({ kind, metadata }) => [identity(kind, metadata.namespace, metadata.name)]);

export const identity = (kind: string, namespace: string | undefined, name: string | undefined): string =>
  `${kind}/${namespace}/${name}`;
