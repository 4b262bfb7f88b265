import type { KafkaService } from './kafka-service.ts';

/**
 * What an acknowledged event survives. `fsync`: power loss of all brokers; `replicated`: the loss of one at a time;
 * `best-effort`: neither.
 */
export type KafkaDurability = 'fsync' | 'replicated' | 'best-effort';

/** Where the promise stands in the manifest, for the policies and for people. */
export const DURABILITY_ANNOTATION = 'penstock.dev/durability';

/** The configuration of every broker. What stands in a topic's own goes before it. */
export function kafkaConfig({ copies, inSync }: KafkaService, durability: KafkaDurability) {
  return {
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    // A misspelt name is an error, and not a topic of one partition.
    'auto.create.topics.enable': false,
    // Better no leader than one that has never seen what was acknowledged.
    'unclean.leader.election.enable': false,
    // As the producer packed it: a broker that packs again can no longer hand pages to the network as they are.
    'compression.type': 'producer',
    // Leader and followers each write a batch to the disk before they say that they have it.
    ...(durability === 'fsync' ? { 'log.flush.interval.messages': 1 } : {}),
  };
}
