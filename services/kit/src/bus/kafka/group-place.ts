import { randomUUID } from 'node:crypto';
import { Consumer, type ConsumerGroupJoinPayload } from '@platformatic/kafka';
import { clientOptions, type KafkaClient, type Membership } from './kafka-client.ts';
import { pause } from './pause.ts';

export const SESSION_MS = 10_000;
const HEARTBEATS_PER_SESSION = 5;
const LONGEST_REBALANCE_MS = 10_000;
const REJOIN_PAUSE_MS = 250;

export interface PlaceOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Silence after which others get the partitions, in milliseconds. @default - as the address says, or 10000 */
  readonly sessionMs?: number;
  /** The same for every life of this member: one that comes back within the session has its partitions again. @default - none */
  readonly member?: string;
}

export interface PlacedPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place in a group by the classic protocol, kept for as long as it is wanted. Partitions come and go with generations. */
export class GroupPlace {
  readonly #client: KafkaClient;
  readonly #options: PlaceOptions;
  readonly #assigned: (partitions: readonly PlacedPartition[], membership: Membership) => void;
  readonly #refused: (error: unknown) => void;
  #consumer: Consumer | undefined;
  #isLeaving = false;
  #joining: Promise<void>;

  /** @param refused called when the group cannot be joined; it is tried again */
  constructor(
    client: KafkaClient,
    options: PlaceOptions,
    assigned: (partitions: readonly PlacedPartition[], membership: Membership) => void,
    refused: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#options = options;
    this.#assigned = assigned;
    this.#refused = refused;
    this.#joining = this.#join();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    // A member that keeps its place goes without a word: the brokers wait for its next life until the session is over.
    // The client leaves whenever it closes, so it does under a name that nobody has.
    if (consumer !== undefined && this.#options.member !== undefined) consumer.memberId = randomUUID();
    await consumer?.close(true).catch(() => {});
    await this.#joining;
  }

  async #join(): Promise<void> {
    const { group, topics, member, sessionMs = this.#client.options.sessionMs ?? SESSION_MS } = this.#options;
    while (!this.#isLeaving) {
      const consumer = new Consumer({
        ...clientOptions(this.#client.options),
        groupId: group,
        ...(member === undefined ? {} : { groupInstanceId: member }),
        sessionTimeout: sessionMs,
        rebalanceTimeout: Math.max(sessionMs, LONGEST_REBALANCE_MS),
        heartbeatInterval: Math.ceil(sessionMs / HEARTBEATS_PER_SESSION),
        // A join waits for all others on the broker.
        requestTimeout: LONGEST_REBALANCE_MS + sessionMs,
      });
      this.#consumer = consumer;
      for (const topic of topics) consumer.topics.track(topic);
      consumer.on('consumer:group:join', (payload) => this.#adopt(consumer, payload));
      // The client gave up joining again: from here on nothing keeps the place.
      consumer.on('error', () => this.#restart(consumer));
      try {
        await consumer.joinGroup({});
        return;
      } catch (error) {
        this.#refused(error);
        await consumer.close(true).catch(() => {});
        await pause(REJOIN_PAUSE_MS);
      }
    }
  }

  #adopt(consumer: Consumer, { assignments, generationId, memberId }: ConsumerGroupJoinPayload): void {
    if (consumer !== this.#consumer || this.#isLeaving) return;
    const own = assignments?.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    const { member } = this.#options;
    this.#assigned(own ?? [], {
      generation: generationId ?? -1,
      id: memberId,
      ...(member === undefined ? {} : { instance: member }),
    });
  }

  #restart(consumer: Consumer): void {
    if (consumer !== this.#consumer || this.#isLeaving) return;
    this.#consumer = undefined;
    this.#joining = (async () => {
      await consumer.close(true).catch(() => {});
      await this.#join();
    })();
  }
}
