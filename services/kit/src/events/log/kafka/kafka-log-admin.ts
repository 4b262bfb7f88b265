import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { isRefusal } from '../../../bus/kafka/faults.ts';
import type { KafkaClient } from '../../../bus/kafka/kafka-client.ts';
import { pause } from '../../../bus/kafka/pause.ts';
import { KitError } from '../../../errors.ts';
import { groupBusy } from '../faults.ts';
import type { LogAdmin, Position, TopicOptions } from '../port.ts';
import { connect, partitionsOf, protocolOf } from './connect.ts';
import { about, faultOf } from './faults.ts';

const COPIES_OF_REPLICATED = 3;
const LOOK_MS = 50;
const LOOKS = 100;

/** The infrastructure's part on Kafka. @throws {KitError} as `openKafkaLog` */
export async function openKafkaLogAdmin(url: string): Promise<LogAdmin> {
  return new KafkaLogAdmin(await connect(protocolOf(url).address));
}

class KafkaLogAdmin implements LogAdmin {
  readonly #client: KafkaClient;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  async provision({ name, partitions, retentionMs, compacted }: TopicOptions): Promise<void> {
    const { admin } = this.#client;
    const config = {
      'retention.ms': String(retentionMs ?? -1),
      'cleanup.policy': compacted === true ? (retentionMs === undefined ? 'compact' : 'compact,delete') : 'delete',
    };
    await about(name, async () => {
      const copies = Math.min((await admin.metadata({ topics: [] })).brokers.size, COPIES_OF_REPLICATED);
      const all = { ...config, 'min.insync.replicas': copies > 2 ? '2' : '1' };
      try {
        const configs = Object.entries(all).map(([key, value]) => ({ name: key, value }));
        await admin.createTopics({ topics: [name], partitions, replicas: copies, configs });
      } catch (error) {
        if (!isRefusal(error, 'TOPIC_ALREADY_EXISTS')) throw error;
        await this.#change(name, partitions, config);
      }
      await this.#known(name, partitions);
    });
  }

  async reposition(group: string, positions: readonly Position[]): Promise<void> {
    for (const { topic, partition, offset } of positions) {
      await partitionsOf(this.#client, topic);
      try {
        await this.#client.commit(group, topic, partition, { offset, metadata: null });
      } catch (error) {
        // Only of a group without members do the brokers take a commit by nobody.
        if (isRefusal(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'))
          throw groupBusy(group);
        throw faultOf(error, topic);
      }
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #change(name: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    const { admin } = this.#client;
    const found = (await this.#client.leaders(name)).length;
    if (found > partitions)
      throw new KitError(
        'topic-mismatch',
        `topic ${name} has ${found} partitions, received ${partitions}: a log cannot be made narrower`,
        { repair: `ask for ${found}, or make another topic and move its readers` },
      );
    if (found < partitions) await admin.createPartitions({ topics: [{ name, count: partitions, assignments: null }] });
    const configs = Object.entries(config).map(([key, value]) => ({
      name: key,
      value,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
    }));
    await admin.incrementalAlterConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configs }],
    });
  }

  /** Brokers learn of a topic one after another, and its partitions get their leaders a moment later. */
  async #known(name: string, partitions: number): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const found = await this.#client.admin.metadata({ topics: [name], forceUpdate: true }).catch(() => undefined);
      const leaders = found?.topics.get(name)?.partitions ?? [];
      if (leaders.length >= partitions && leaders.every(({ leader }) => leader >= 0)) return;
      await pause(LOOK_MS);
    }
  }
}
