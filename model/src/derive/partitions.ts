import type { TopicFacts } from '../topic.ts';
import { replicasFor } from './capacity.ts';

/** A partition's share of a broker's disk and network that leaves room for recovery. */
const PARTITION_BYTES_PER_SECOND = 10_000_000;
/** Partitions can be added later only by breaking the order per key, so they are made for twice today's peak. */
const GROWTH = 2;
/** Brokers that share the load; a multiple of it spreads leaders evenly. */
const BROKERS = 3;

/**
 * Enough for the slowest consumer group to keep up with one item at a time a partition, and for the bytes; doubled for
 * growth and rounded up to a multiple of three brokers.
 */
export function partitionsFor(topic: Pick<TopicFacts, 'peakRate' | 'itemSize' | 'consumers'>): number {
  const forConsumers = topic.consumers.map((consumer) => replicasFor(topic.peakRate, consumer.workTime, 1));
  const forBytes = (topic.peakRate.perSecond * topic.itemSize.bytes) / PARTITION_BYTES_PER_SECOND;
  return Math.ceil((Math.max(...forConsumers, forBytes, 1) * GROWTH) / BROKERS) * BROKERS;
}
