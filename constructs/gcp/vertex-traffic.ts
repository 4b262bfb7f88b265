/** Whole per cents by the id of a deployed model; empty, or 100 together. */
export type TrafficSplit = Readonly<Record<string, number>>;

/**
 * One model gets its share, and the others keep what is left in the proportions they had. A model alone gets all of it,
 * or the endpoint answers nobody: the API knows no split that adds up to less.
 */
export function splitWith(current: TrafficSplit, id: string, percent: number): TrafficSplit {
  const others = Object.entries(current).filter(([other, share]) => other !== id && share > 0);
  if (others.length === 0) return percent === 0 ? {} : { [id]: 100 };
  return { ...shared(others, 100 - percent), ...(percent === 0 ? {} : { [id]: percent }) };
}

/** By largest remainder, so that the parts add up. */
function shared(parts: readonly (readonly [string, number])[], total: number): TrafficSplit {
  const sum = parts.reduce((all, [, share]) => all + share, 0);
  const exact = parts.map(([id, share]) => ({ id, share: (share / sum) * total }));
  const spare = total - exact.reduce((all, { share }) => all + Math.floor(share), 0);
  const first = new Set(
    exact
      .toSorted((a, b) => (b.share % 1) - (a.share % 1))
      .slice(0, spare)
      .map(({ id }) => id),
  );
  return Object.fromEntries(
    exact
      .map(({ id, share }) => [id, Math.floor(share) + (first.has(id) ? 1 : 0)] as const)
      .filter(([, share]) => share > 0),
  );
}
