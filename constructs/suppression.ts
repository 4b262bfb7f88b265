/** First part of the annotation that takes one object out of one policy. */
const PREFIX = 'policy.penstock.dev/suppress.';

/**
 * The annotation that takes an object out of a policy it has to break; its value is the reason. It travels with the
 * manifest, so that whoever reviews one sees the other.
 *
 * @param policy id of the policy
 */
export const suppressionOf = (policy: string): string => `${PREFIX}${policy}`;

/** The policies an object is taken out of, each with its reason. */
export function suppressionsIn(annotations: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(annotations).flatMap(([key, reason]) =>
      key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), reason] as const] : [],
    ),
  );
}
