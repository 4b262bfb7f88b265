import type { QueueProfile } from '@penstock/model';
import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import type { BusAdmin } from '../port.ts';
import type { KafkaBusOptions } from './address.ts';
import { faultOf, isRefusal } from './faults.ts';
import { KafkaClient } from './kafka-client.ts';
import { namesOf } from './names.ts';
import { pause } from './pause.ts';
import { topicConfigOf, writeStamp } from './provisioned.ts';

const COPIES_OF_REPLICATED = 3;
/** What a broker answers for a moment. */
const NOT_YET = [
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'UNKNOWN_TOPIC_OR_PARTITION',
] as const;
const LOOK_MS = 50;
const LOOKS = 100;

/**
 * The infrastructure's part on Kafka: two topics a queue, and a note of the numbers that no broker keeps.
 *
 * @throws {KitError} `bus-unreachable`, `bus-refused`
 */
export async function openKafkaBusAdmin(options: KafkaBusOptions): Promise<BusAdmin> {
  const client = new KafkaClient(options);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return new KafkaBusAdmin(client);
}

class KafkaBusAdmin implements BusAdmin {
  readonly #client: KafkaClient;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  async provision(profile: QueueProfile): Promise<void> {
    const { topic, group, deadLetterTopic } = namesOf(profile);
    // The dead-letter topic first: whoever finds the queue finds a place for what fails in it.
    await this.#ensure(deadLetterTopic, profile, { ...topicConfigOf(profile), 'retention.ms': '-1' });
    await this.#ensure(topic, profile, topicConfigOf(profile));
    try {
      await onceLoaded(() => writeStamp(this.#client, profile));
      const partitions = (await this.#client.leaders(topic)).map((_, partition) => partition);
      const committed = await this.#client.committed(group, topic, partitions);
      // A group that has committed nothing has no lag, and an autoscaler leaves it at zero.
      for (const [partition, { offset }] of committed.entries())
        if (offset < 0)
          await onceLoaded(() => this.#client.commit(group, topic, partition, { offset: 0, metadata: null }));
    } catch (error) {
      // Members are at work: the group has committed already.
      if (!isRefusal(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) throw faultOf(error, `group ${group}`);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ensure(name: string, profile: QueueProfile, config: Readonly<Record<string, string>>): Promise<void> {
    const { admin, options } = this.#client;
    const brokers = (await admin.metadata({ topics: [] })).brokers.size;
    const copies = profile.durability === 'best-effort' ? 1 : Math.min(brokers, COPIES_OF_REPLICATED);
    const configs = Object.entries({ ...config, 'min.insync.replicas': copies > 2 ? '2' : '1' }).map(
      ([key, value]) => ({ name: key, value }),
    );
    try {
      await admin.createTopics({ topics: [name], partitions: options.partitions ?? 1, replicas: copies, configs });
      await this.#known(name);
    } catch (error) {
      if (!isRefusal(error, 'TOPIC_ALREADY_EXISTS')) throw faultOf(error, `topic ${name}`);
      await this.#change(name, config);
    }
  }

  async #change(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(config).map(([key, value]) => ({
      name: key,
      value,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
    }));
    try {
      await this.#client.admin.incrementalAlterConfigs({
        resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configs }],
      });
    } catch (error) {
      throw faultOf(error, `topic ${name}`);
    }
  }

  /** Brokers learn of a topic one after another, and its partitions get their leaders a moment later. */
  async #known(name: string): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const found = await this.#client.admin.metadata({ topics: [name], forceUpdate: true }).catch(() => undefined);
      const partitions = found?.topics.get(name)?.partitions ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
      await pause(LOOK_MS);
    }
  }
}

/** A broker that has just become coordinator of a group reads its commits first, and may hear last of a new topic. */
async function onceLoaded(commit: () => Promise<void>): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    try {
      return await commit();
    } catch (error) {
      if (!isRefusal(error, ...NOT_YET)) throw error;
      await pause(LOOK_MS);
    }
  }
  return commit();
}
