export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
}

export interface HeldPartition {
  readonly topic: string;
  readonly partition: number;
  /** Who has it, or is to get it. */
  readonly holder: string | undefined;
}

/**
 * Whom each partition belongs to: as evenly as the topics that members read allow, and whoever has one keeps it unless
 * that would leave another with two fewer.
 *
 * @returns in the order of the partitions given; undefined where nobody reads the topic
 */
export function assign(
  members: readonly Member[],
  partitions: readonly HeldPartition[],
): readonly (string | undefined)[] {
  const load = new Map(members.map(({ id }) => [id, 0]));
  const loadOf = (id: string): number => load.get(id) ?? 0;
  const readers = new Map<string, readonly string[]>();
  for (const topic of new Set(partitions.map((held) => held.topic)))
    readers.set(
      topic,
      members
        .filter(({ topics }) => topics.includes(topic))
        .map(({ id }) => id)
        .sort(),
    );
  const readersOf = (topic: string): readonly string[] => readers.get(topic) ?? [];
  const least = (topic: string): string | undefined =>
    readersOf(topic).reduce<string | undefined>(
      (best, id) => (best === undefined || loadOf(id) < loadOf(best) ? id : best),
      undefined,
    );
  const give = (id: string | undefined, count: number): void => {
    if (id !== undefined) load.set(id, loadOf(id) + count);
  };
  const holders = partitions.map(({ topic, holder }) =>
    holder !== undefined && readersOf(topic).includes(holder) ? holder : undefined,
  );
  for (const holder of holders) give(holder, 1);
  for (const [index, { topic }] of partitions.entries()) {
    if (holders[index] !== undefined) continue;
    holders[index] = least(topic);
    give(holders[index], 1);
  }
  // Each move lessens the sum of squares of the loads, so this ends.
  for (let moved = true; moved; ) {
    moved = false;
    for (const [index, { topic }] of partitions.entries()) {
      const [from, to] = [holders[index], least(topic)];
      if (from === undefined || to === undefined || loadOf(from) <= loadOf(to) + 1) continue;
      holders[index] = to;
      give(from, -1);
      give(to, 1);
      moved = true;
    }
  }
  return holders;
}
