import type { DeadLetter } from '../port.ts';
import { decodeLetter } from './item-record.ts';
import { type KafkaClient, TopicReader } from './kafka-client.ts';

const FETCH_WAIT_MS = 500;

const partitionsOf = async (client: KafkaClient, topic: string): Promise<readonly number[]> =>
  (await client.leaders(topic)).map((_, partition) => partition);

/** Records in the topic: one stored twice by a process that died counts twice here and is listed once. */
export async function countDeadLetters(client: KafkaClient, topic: string): Promise<number> {
  const partitions = await partitionsOf(client, topic);
  const [first, last] = await Promise.all([client.earliest(topic, partitions), client.latest(topic, partitions)]);
  return partitions.reduce((sum, partition) => sum + (last[partition] ?? 0) - (first[partition] ?? 0), 0);
}

/** Oldest first, each item once. */
export async function readDeadLetters(
  client: KafkaClient,
  topic: string,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const partitions = await partitionsOf(client, topic);
  const [first, last] = await Promise.all([client.earliest(topic, partitions), client.latest(topic, partitions)]);
  const reader = new TopicReader(client.options, topic);
  try {
    const letters: DeadLetter[] = [];
    for (const partition of partitions) {
      const found = new Map<string, DeadLetter>();
      let offset = first[partition] ?? 0;
      while (offset < (last[partition] ?? 0) && found.size < limit) {
        const { records, next } = await reader.fetch([{ partition, offset }], FETCH_WAIT_MS);
        for (const letter of records.map(decodeLetter)) if (!found.has(letter.id)) found.set(letter.id, letter);
        offset = next.get(partition) ?? offset;
      }
      letters.push(...[...found.values()].slice(0, limit));
    }
    return letters.sort((a, b) => a.deadAt - b.deadAt).slice(0, limit);
  } finally {
    await reader.close();
  }
}
