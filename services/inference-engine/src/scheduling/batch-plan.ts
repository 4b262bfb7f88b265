import type { BatchCost, BatchShape } from './batch-cost.ts';
import type { Ordered } from './fair-order.ts';

/** What a batch may be. */
export interface BatchLimits {
  /** Tokens of one forward pass, padding included; a longer single item goes alone. */
  readonly maxTokens: number;
  /** @default - as many as fit by their tokens */
  readonly maxItems?: number;
  /** Tokens computed by tokens of text: beyond it, padding eats what the batch gains. @default 1.5 */
  readonly maxPadding?: number;
}

const DEFAULT_MAX_PADDING = 1.5;

/** Of those that wait, so many are looked at: what lies further back does not fit better by much. */
const LOOKED_AT = 1_024;

export const shapeOf = (batch: readonly Ordered[]): BatchShape => ({
  items: batch.length,
  paddedTokens: batch.length * batch.reduce((longest, { tokens }) => Math.max(longest, tokens), 0),
});

/** Everything a plan is made of. */
export interface Planned<Item> {
  /** Whose turn it is: in the batch whatever else is. */
  readonly head: Item;
  readonly waiting: Iterable<Item>;
  readonly limits: BatchLimits;
  readonly cost: Pick<BatchCost, 'cautiousMs'>;
  /** On the clock of the deadlines. */
  readonly now: number;
}

/**
 * The head and those that go best with it: nearest in length first, since texts of like length waste little, as long as
 * the tokens fit, the padding pays and nobody in the batch would be late because of a mate.
 */
export function planBatch<Item extends Ordered>(plan: Planned<Item>): readonly Item[] {
  const { head, limits, cost, now } = plan;
  const { maxTokens, maxItems = Number.POSITIVE_INFINITY, maxPadding = DEFAULT_MAX_PADDING } = limits;
  const batch = [head];
  let longest = head.tokens;
  let sum = head.tokens;
  let due = head.deadlineAt;
  for (const mate of candidates(plan)) {
    if (batch.length >= maxItems) break;
    const items = batch.length + 1;
    const paddedTokens = items * Math.max(longest, mate.tokens);
    if (paddedTokens > maxTokens || paddedTokens > maxPadding * (sum + mate.tokens)) continue;
    const earliest = Math.min(due, mate.deadlineAt);
    if (now + cost.cautiousMs({ items, paddedTokens }) > earliest) continue;
    batch.push(mate);
    longest = Math.max(longest, mate.tokens);
    sum += mate.tokens;
    due = earliest;
  }
  return batch;
}

/** Nearest in length first; who is in more haste than the head comes last, since the batch would be short for it. */
function candidates<Item extends Ordered>({ head, waiting, limits, cost, now }: Planned<Item>): readonly Item[] {
  const fullMs = cost.cautiousMs({ items: 1, paddedTokens: limits.maxTokens });
  const patient = Math.min(head.deadlineAt, now + fullMs);
  const mates: Item[] = [];
  for (const item of waiting) {
    if (item === head) continue;
    mates.push(item);
    if (mates.length === LOOKED_AT) break;
  }
  const haste = ({ deadlineAt }: Item): number => (deadlineAt < patient ? 1 : 0);
  const distance = ({ tokens }: Item): number => Math.abs(tokens - head.tokens);
  return mates.sort((a, b) => haste(a) - haste(b) || distance(a) - distance(b) || a.deadlineAt - b.deadlineAt);
}
