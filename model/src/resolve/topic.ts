import { partitionsFor } from '../derive/partitions.ts';
import { topicConsumerNames, topicName } from '../names.ts';
import type { ResolvedTopic, TopicFacts } from '../topic.ts';
import { type Place, report } from './place.ts';

export function resolveTopic(place: Place, facts: TopicFacts): ResolvedTopic {
  const name = topicName(place.topology, place.id);
  const partitions = partitionsFor(facts);
  const consumers = facts.consumers.map(({ id, workTime, pinnedMaxReplicas }) => {
    if (pinnedMaxReplicas !== undefined && pinnedMaxReplicas > partitions) {
      report(
        place,
        'replicas-exceed-partitions',
        `consumers.${id}.pinned.maxReplicas`,
        pinnedMaxReplicas,
        `at most ${partitions} partitions: the others would idle`,
        `lower it to ${partitions}, or unpin it`,
      );
    }
    return { id, ...topicConsumerNames(name, id), workTime, maxReplicas: pinnedMaxReplicas ?? partitions };
  });
  return { ...facts, id: place.id, name, partitions, consumers };
}
