/** One text that waits. */
export interface Waiting {
  readonly tokens: number;
  /** Milliseconds since the epoch. */
  readonly deadlineAt: number;
}

/**
 * Picks the next batch: whoever has the earliest deadline is in it, and the others are those nearest to it in length, as
 * many as fit. Texts of like length waste little padding, and every batch serves the most urgent one, so nobody starves.
 *
 * @param maxTokens tokens of one forward pass, padding included; a longer single text goes alone
 * @returns indices into `waiting`, at least one when there is any
 */
export function nextBatch(waiting: readonly Waiting[], maxTokens: number): readonly number[] {
  const urgent = waiting.reduce(
    (best, item, n) => (best === -1 || item.deadlineAt < (waiting[best] as Waiting).deadlineAt ? n : best),
    -1,
  );
  if (urgent === -1) return [];
  const lead = waiting[urgent] as Waiting;
  const others = waiting
    .map((item, n) => ({
      n,
      tokens: item.tokens,
      deadlineAt: item.deadlineAt,
      distance: Math.abs(item.tokens - lead.tokens),
    }))
    .filter(({ n }) => n !== urgent)
    .toSorted((a, b) => a.distance - b.distance || a.deadlineAt - b.deadlineAt || a.n - b.n);
  const batch = [urgent];
  let longest = lead.tokens;
  for (const { n, tokens } of others) {
    const padded = Math.max(longest, tokens) * (batch.length + 1);
    if (padded > maxTokens) break;
    longest = Math.max(longest, tokens);
    batch.push(n);
  }
  return batch;
}
