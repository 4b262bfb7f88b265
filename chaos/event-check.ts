import type { Finding } from './check.ts';
import type { Plan } from './plan.ts';

// Judges a run of events from what was recorded, knowing nothing of how it was run.

export interface EventEffectRow {
  /** In the order of the transactions of one aggregate. */
  readonly seq: number;
  readonly item: string;
  readonly aggregate: string;
}

export interface EventRecording {
  /** Keys of the events whose append was answered. */
  readonly appended: ReadonlySet<string>;
  readonly effects: readonly EventEffectRow[];
  /** Keys of the dead letters. */
  readonly dead: readonly string[];
  /** Events that wait in the outbox or in front of the group when patience is over. */
  readonly unfinished: number;
}

/** Every event has its effect once, in the order of its aggregate, and what was refused lies among the dead letters. */
export function checkEvents(plan: Plan, recording: EventRecording): readonly Finding[] {
  const { appended, effects, dead, unfinished } = recording;
  const findings: Finding[] = [];
  const counts = Map.groupBy(effects, ({ item }) => item);
  const known = new Set(plan.items.map(({ key }) => key));
  for (const [item, rows] of counts) {
    if (rows.length > 1) findings.push({ rule: 'applied-twice', item, detail: `${rows.length} effects` });
    if (!known.has(item)) findings.push({ rule: 'applied-unpublished', item, detail: 'nobody appended it' });
  }
  for (const { key, failures } of plan.items) {
    const isRefused = failures === 'refused';
    if (!appended.has(key) || unfinished > 0) continue;
    if (!isRefused && !counts.has(key) && !dead.includes(key))
      findings.push({ rule: 'lost', item: key, detail: 'its append was answered; there is no effect' });
    if (isRefused && !dead.includes(key))
      findings.push({ rule: 'dead-letter-missing', item: key, detail: 'it was refused, and is no dead letter' });
  }
  for (const key of new Set(dead)) {
    const isRefused = plan.items.find((item) => item.key === key)?.failures === 'refused';
    if (!isRefused)
      findings.push({
        rule: 'dead-letter-unfounded',
        item: key,
        detail: 'nothing refused it, and it is a dead letter',
      });
  }
  const places = new Map(plan.items.map(({ key }, place) => [key, place]));
  for (const rows of Map.groupBy(effects, ({ aggregate }) => aggregate).values()) {
    const order = rows.toSorted((a, b) => a.seq - b.seq);
    for (const [index, { item }] of order.entries()) {
      const before = order[index - 1]?.item;
      if (before !== undefined && (places.get(before) ?? 0) > (places.get(item) ?? 0))
        findings.push({ rule: 'out-of-order', item, detail: `its effect came behind that of ${before}` });
    }
  }
  if (unfinished > 0)
    findings.push({ rule: 'unfinished', item: '*', detail: `${unfinished} events are not where they belong` });
  return findings;
}
