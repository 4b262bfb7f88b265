import { randomUUID } from 'node:crypto';
import { consumerGroupHeartbeatV1 } from '@platformatic/kafka';
import { isFenced, isRefusal } from '../../../bus/kafka/faults.ts';
import type { PlacedPartition, PlaceOptions } from '../../../bus/kafka/group-place.ts';
import type { KafkaClient, Membership } from '../../../bus/kafka/kafka-client.ts';
import { pause } from '../../../bus/kafka/pause.ts';

const REBALANCE_MS = 60_000;
const FIRST_HEARTBEAT_MS = 1_000;
const LEFT = -1;
/** Of a member that will be back: its partitions wait for it until the session is over. */
const LEFT_FOR_A_WHILE = -2;

export interface IncrementalEvents {
  /** These are the member's from now on. */
  readonly gained: (partitions: readonly PlacedPartition[]) => void;
  /** These are to go to others: they go when it resolves. */
  readonly revoking: (partitions: readonly PlacedPartition[]) => Promise<void>;
  /** All are somebody else's. */
  readonly lost: () => void;
  /** What commits are signed with. */
  readonly renewed: (membership: Membership) => void;
  /** The group cannot be reached; it is tried again. */
  readonly refused: (error: unknown) => void;
}

interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: number[];
}

const keyOf = (topicId: string, partition: number): string => `${partition}:${topicId}`;

/**
 * A place in a group by the protocol of KIP-848: the brokers share the partitions, a member is told of what it gains and
 * what it is to let go of, and nothing stops for those that stay. Spoken here, and not by the client's own consumer,
 * because that one lets go of partitions at once and tells nobody its epoch.
 */
export class IncrementalPlace {
  readonly #client: KafkaClient;
  readonly #options: PlaceOptions;
  readonly #events: IncrementalEvents;
  readonly #owned = new Map<string, { readonly topicId: string; readonly partition: number }>();
  readonly #names = new Map<string, string>();
  #id: string = randomUUID();
  #epoch = 0;
  #target: readonly TopicPartitions[] = [];
  #revoking: Promise<void> | undefined;
  #leaving = new AbortController();
  #now = new AbortController();
  readonly #beating: Promise<void>;

  constructor(client: KafkaClient, options: PlaceOptions, events: IncrementalEvents) {
    this.#client = client;
    this.#options = options;
    this.#events = events;
    this.#beating = this.#run();
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    this.#now.abort();
    await this.#beating;
    if (this.#epoch <= 0) return;
    this.#epoch = this.#options.member === undefined ? LEFT : LEFT_FOR_A_WHILE;
    // Not told: its session ends by itself.
    await this.#ask().catch(() => {});
  }

  /** The next sign of life is given at once: what it answers says which epoch is this member's. */
  hurry(): void {
    this.#now.abort();
  }

  async #run(): Promise<void> {
    for (let waitMs = FIRST_HEARTBEAT_MS; !this.#leaving.signal.aborted; ) {
      this.#now = new AbortController();
      try {
        waitMs = await this.#beat();
      } catch (error) {
        this.#failed(error);
      }
      if (!this.#leaving.signal.aborted) await pause(waitMs, this.#now.signal);
    }
  }

  async #beat(): Promise<number> {
    const answer = await this.#ask();
    if (this.#leaving.signal.aborted) return 0;
    this.#id = answer.memberId ?? this.#id;
    if (answer.memberEpoch !== this.#epoch) {
      this.#epoch = answer.memberEpoch;
      const { member } = this.#options;
      this.#events.renewed({
        generation: this.#epoch,
        id: this.#id,
        ...(member === undefined ? {} : { instance: member }),
      });
    }
    if (answer.assignment !== null) this.#target = answer.assignment.topicPartitions;
    await this.#reconcile();
    return answer.heartbeatIntervalMs;
  }

  async #reconcile(): Promise<void> {
    const wanted = this.#target.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => ({ topicId, partition })),
    );
    await this.#learnNames();
    const wantedKeys = new Set(wanted.map(({ topicId, partition }) => keyOf(topicId, partition)));
    const leaving = [...this.#owned].filter(([key]) => !wantedKeys.has(key));
    if (leaving.length > 0 && this.#revoking === undefined) {
      const partitions = leaving.map(([, owned]) => this.#placed(owned));
      this.#revoking = this.#events.revoking(partitions).then(() => {
        for (const [key] of leaving) this.#owned.delete(key);
        this.#revoking = undefined;
        this.#now.abort();
      });
    }
    const gained = wanted.filter(({ topicId, partition }) => !this.#owned.has(keyOf(topicId, partition)));
    if (gained.length === 0) return;
    for (const one of gained) this.#owned.set(keyOf(one.topicId, one.partition), one);
    this.#events.gained(gained.map((one) => this.#placed(one)));
    this.#now.abort();
  }

  #placed({ topicId, partition }: { readonly topicId: string; readonly partition: number }): PlacedPartition {
    return { topic: this.#names.get(topicId) ?? '', partition };
  }

  async #learnNames(): Promise<void> {
    if (this.#target.every(({ topicId }) => this.#names.has(topicId))) return;
    const { topics } = await this.#client.admin.metadata({ topics: [...this.#options.topics], forceUpdate: true });
    for (const [topic, { id }] of topics) this.#names.set(id, topic);
  }

  #ask() {
    const { group, topics, member } = this.#options;
    const owned = [...Map.groupBy(this.#owned.values(), ({ topicId }) => topicId)].map(([topicId, some]) => ({
      topicId,
      partitions: some.map(({ partition }) => partition),
    }));
    return this.#client.askCoordinator(group, (connection) =>
      consumerGroupHeartbeatV1.api.async(
        connection,
        group,
        this.#id,
        this.#epoch,
        member ?? null,
        null,
        REBALANCE_MS,
        [...topics],
        null,
        null,
        owned,
      ),
    );
  }

  /** Whoever is not known any more begins anew; what it had is somebody else's. */
  #failed(error: unknown): void {
    if (this.#leaving.signal.aborted) return;
    if (!isFenced(error)) {
      // The last life of this member is there until its session is over.
      if (!isRefusal(error, 'UNRELEASED_INSTANCE_ID')) this.#events.refused(error);
      return;
    }
    this.#owned.clear();
    this.#target = [];
    this.#epoch = 0;
    this.#events.lost();
    this.#now.abort();
  }
}
