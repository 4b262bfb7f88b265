import type { HistoryRow } from './history.ts';
import type { BackboneName, Plan } from './plan.ts';

// Judges a run from what was recorded, knowing nothing of how it was run.

export interface Publication {
  readonly item: string;
  /** `unknown`: the publisher gave up without an answer; the item may be there or not. */
  readonly outcome: 'acknowledged' | 'unknown';
  readonly id: string | undefined;
  readonly duplicate: boolean;
  /** The key had been acknowledged before this publish began. */
  readonly isRepeat: boolean;
}

export interface Delivery {
  readonly item: string;
  readonly id: string;
  readonly attempt: number;
  readonly token: number;
}

export interface Recording {
  readonly publications: readonly Publication[];
  /** As workers told of them: what a worker had no time to tell is missing. */
  readonly deliveries: readonly Delivery[];
  readonly history: readonly HistoryRow[];
  /** Keys of the dead letters. */
  readonly dead: readonly string[];
  /** What was still in the queue when patience was over. */
  readonly unfinished: number;
}

export interface Finding {
  readonly rule: Rule;
  readonly item: string;
  readonly detail: string;
}

export type Rule =
  | 'lost'
  | 'applied-twice'
  | 'applied-behind-fence'
  | 'applied-unpublished'
  | 'token-twice'
  | 'out-of-order'
  | 'dead-letter-missing'
  | 'dead-letter-unfounded'
  | 'duplicate-taken'
  | 'unfinished'
  // Of jobs alone.
  | 'ran-after-cancel'
  | 'ran-after-end'
  | 'cancelled-unasked'
  | 'attempts-miscounted'
  | 'step-repeated';

/** Those that promise it: a key published again within the window is the same item. */
const REMEMBERS_KEYS: Readonly<Record<BackboneName, boolean>> = {
  sqlite: true,
  nats: true,
  'nats-cluster': true,
  redis: true,
  kafka: false,
  'kafka-cluster': false,
  rabbitmq: false,
  'jobs-sqlite': true,
  'jobs-postgres': true,
  'events-sqlite': true,
  'events-kafka': true,
};

export function check(plan: Plan, recording: Recording): readonly Finding[] {
  return [
    ...lostOrRepeated(plan, recording),
    ...behindFence(recording),
    ...tokensTwice(recording),
    ...(plan.isOrdered ? outOfOrder(plan, recording) : []),
    ...deadLetters(plan, recording),
    ...(REMEMBERS_KEYS[plan.backbone] ? duplicatesTaken(recording) : []),
    ...(recording.unfinished === 0
      ? []
      : [{ rule: 'unfinished' as const, item: '*', detail: `${recording.unfinished} items are left in the queue` }]),
  ];
}

function* lostOrRepeated(plan: Plan, { publications, history, dead, unfinished }: Recording): Generator<Finding> {
  const effects = Map.groupBy(
    history.filter(({ kind }) => kind === 'effect'),
    ({ item }) => item,
  );
  const acknowledged = new Set(publications.filter(isAcknowledged).map(({ item }) => item));
  const published = new Set(publications.map(({ item }) => item));
  for (const { key, failures } of plan.items) {
    const own = effects.get(key) ?? [];
    const tokens = own.map(({ token }) => token).join(', ');
    if (own.length > 1) yield { rule: 'applied-twice', item: key, detail: `effects by the tokens ${tokens}` };
    if (own.length > 0 && failures === 'refused')
      yield { rule: 'applied-twice', item: key, detail: `refused for good, and applied by ${tokens}` };
    if (own.length > 0 && !published.has(key))
      yield { rule: 'applied-unpublished', item: key, detail: `nobody published it, applied by ${tokens}` };
    const isDone = own.length > 0 || failures === 'refused' || dead.includes(key);
    // While something is left in the queue, what is missing may be there.
    if (!isDone && acknowledged.has(key) && unfinished === 0)
      yield { rule: 'lost', item: key, detail: 'its publish was acknowledged; there is no effect and no dead letter' };
  }
}

const isAcknowledged = ({ outcome }: Publication): boolean => outcome === 'acknowledged';

function* behindFence({ history }: Recording): Generator<Finding> {
  const fences = new Map<string, number>();
  for (const { kind, item, token } of history) {
    const fence = fences.get(item) ?? token;
    if (kind === 'begun') fences.set(item, Math.max(fence, token));
    else if (token < fence)
      yield { rule: 'applied-behind-fence', item, detail: `token ${token} applied after ${fence} had begun` };
  }
}

/** One delivery is told of once, so one token of one item seen twice was given twice. */
function* tokensTwice({ deliveries }: Recording): Generator<Finding> {
  const seen = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    const name = `${delivery.id} ${delivery.token}`;
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const detail = `token ${delivery.token} was given to attempts ${earlier.attempt} and ${delivery.attempt}`;
      yield { rule: 'token-twice', item: delivery.item, detail };
    }
    seen.set(name, delivery);
  }
}

/** Of what was taken for the first time; what comes back has no promised place. */
function* outOfOrder(plan: Plan, { history, deliveries }: Recording): Generator<Finding> {
  const places = new Map(plan.items.map(({ key }, place) => [key, place]));
  const attempts = new Map(deliveries.map(({ item, token, attempt }) => [`${item} ${token}`, attempt]));
  const begun = new Set<string>();
  let latest = -1;
  for (const { kind, item, token } of history) {
    if (kind !== 'begun' || begun.has(item)) continue;
    begun.add(item);
    const place = places.get(item) ?? -1;
    if (attempts.get(`${item} ${token}`) !== 1) continue;
    if (place < latest)
      yield { rule: 'out-of-order', item, detail: `taken after ${plan.items[latest]?.key}, which was published later` };
    latest = Math.max(latest, place);
  }
}

function* deadLetters(plan: Plan, { publications, dead }: Recording): Generator<Finding> {
  const acknowledged = new Set(publications.filter(isAcknowledged).map(({ item }) => item));
  for (const { key, failures } of plan.items) {
    const isDead = dead.includes(key);
    if (failures === 'refused' && acknowledged.has(key) && !isDead)
      yield { rule: 'dead-letter-missing', item: key, detail: 'refused for good, and not among the dead letters' };
    if (failures !== 'refused' && isDead)
      yield { rule: 'dead-letter-unfounded', item: key, detail: 'no attempt was meant to be its last' };
  }
}

function* duplicatesTaken({ publications }: Recording): Generator<Finding> {
  for (const { item, outcome, isRepeat, duplicate, id } of publications)
    if (isRepeat && outcome === 'acknowledged' && !duplicate)
      yield { rule: 'duplicate-taken', item, detail: `published again within the window, and taken as ${id}` };
}
