import { KitError } from '@penstock/kit';
import type { Log, PartitionBounds } from '@penstock/kit/events';
import type { Topology } from '@penstock/model';

/** A topic as the declaration wants it. */
export interface PlannedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Milliseconds. @default - for ever */
  readonly retentionMs?: number;
  /** Who reads it, by the names of their groups. */
  readonly groups: readonly string[];
  /** The topic whose dead letters these are. */
  readonly deadLettersOf?: string;
}

export interface TopicFinding {
  readonly topic: string;
  readonly detail: string;
}

/** Every topic, and behind it the dead letters of each of its consumers; those of a key stay together. */
export function planOfTopics(topology: Topology): readonly PlannedTopic[] {
  return Object.values(topology.topics).flatMap(({ name, partitions, retention, consumers }) => [
    { name, partitions, retentionMs: retention.toMilliseconds('up'), groups: consumers.map(({ group }) => group) },
    ...consumers.map(({ deadLetterTopic }) => ({
      name: deadLetterTopic,
      partitions,
      groups: [],
      deadLettersOf: name,
    })),
  ]);
}

export function planText(topics: readonly PlannedTopic[]): string {
  if (topics.length === 0) return 'the declaration has no topics\n';
  return topics
    .map(({ name, partitions, retentionMs, groups, deadLettersOf }) => {
      const kept = retentionMs === undefined ? 'for ever' : `for ${retentionMs / 3_600_000} h`;
      const readers = deadLettersOf === undefined ? `read by ${groups.join(', ')}` : `dead letters of ${deadLettersOf}`;
      return `${name}  ${partitions} partitions, kept ${kept}, ${readers}\n`;
    })
    .join('');
}

/** What is not as declared. @throws {KitError} `bus-unreachable`, `store-missing` */
export async function differences(log: Log, topics: readonly PlannedTopic[]): Promise<readonly TopicFinding[]> {
  const findings: TopicFinding[] = [];
  for (const { name, partitions } of topics) {
    const there = (await boundsOf(log, name))?.length;
    if (there === undefined) findings.push({ topic: name, detail: 'is not there' });
    else if (there > partitions)
      findings.push({
        topic: name,
        detail: `has ${there} partitions, declared are ${partitions}: a log cannot be made narrower`,
      });
    else if (there < partitions)
      findings.push({
        topic: name,
        detail: `has ${there} partitions, declared are ${partitions}: ${share(there, partitions)} of the keys go to another one when it is made wider`,
      });
  }
  return findings;
}

/**
 * Groups that have not done all of a topic that is to become wider. What they have not done lies where its key was; what is
 * written afterwards may lie elsewhere, and be done first.
 */
export async function unfinishedBehind(log: Log, topics: readonly PlannedTopic[]): Promise<readonly TopicFinding[]> {
  const findings: TopicFinding[] = [];
  for (const { name, partitions, groups } of topics) {
    const there = await boundsOf(log, name);
    if (there === undefined || there.length >= partitions) continue;
    for (const group of groups) {
      const lag = (await log.lag(group, name)).reduce((sum, entry) => sum + entry.lag, 0);
      if (lag > 0)
        findings.push({
          topic: name,
          detail: `from ${there.length} to ${partitions} partitions, and ${group} has ${lag} records not done`,
        });
    }
  }
  return findings;
}

/** Of keys whose hash has another remainder afterwards. */
function share(before: number, after: number): string {
  const all = before * after;
  const moved = Array.from({ length: all }, (_, hash) => hash).filter((hash) => hash % before !== hash % after);
  return `${Math.round((100 * moved.length) / all)} %`;
}

async function boundsOf(log: Log, topic: string): Promise<readonly PartitionBounds[] | undefined> {
  try {
    return await log.bounds(topic);
  } catch (error) {
    if (KitError.is(error, 'topic-missing')) return undefined;
    throw error;
  }
}
