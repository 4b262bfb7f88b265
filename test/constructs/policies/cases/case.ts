import type { Manifest } from '../../../../constructs/policies/index.ts';

/** One thing that is wrong: the policy that has to say so, what was done, all manifests, and what it says. */
export type Case = readonly [policy: string, title: string, manifests: readonly Manifest[], message: RegExp];

/** Objects that hold every policy, and the ways in which one change breaks them. */
export interface CaseSet {
  readonly name: string;
  readonly compliant: readonly Manifest[];
  readonly cases: readonly Case[];
}

export interface Draft {
  [key: string]: Draft;
}

export type Which = readonly [kind: string, name: string];

/** A change of one field, by a path whose steps may have dots in them; `undefined` removes it. */
export const setting =
  (path: string | readonly string[], value: unknown) =>
  (draft: Draft): void => {
    const keys = [...(typeof path === 'string' ? path.split('.') : path)];
    const last = keys.pop() as string;
    const target = keys.reduce<Draft>((inner, key) => inner[key] as Draft, draft);
    if (value === undefined) delete target[last];
    else target[last] = value as Draft;
  };

/** A copy of all manifests in which one object was changed. */
export function withChange(
  manifests: readonly Manifest[],
  [kind, name]: Which,
  change: (draft: Draft) => void,
): readonly Manifest[] {
  const copy = structuredClone(manifests) as Manifest[];
  const found = copy.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind}/${name}`);
  change(found as unknown as Draft);
  return copy;
}

/** Cases over one set of manifests. */
export const casesOf = (compliant: readonly Manifest[]) => ({
  broken: (
    policy: string,
    title: string,
    which: Which,
    path: string | readonly string[],
    value: unknown,
    message: RegExp,
  ): Case => [policy, title, withChange(compliant, which, setting(path, value)), message],
  without: (policy: string, title: string, [kind, name]: Which, message: RegExp): Case => [
    policy,
    title,
    compliant.filter((each) => each.kind !== kind || each.metadata.name !== name),
    message,
  ],
});
