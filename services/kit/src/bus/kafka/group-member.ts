import { Consumer, type ConsumerGroupJoinPayload } from '@platformatic/kafka';
import { clientOptions, type KafkaClient, type Membership } from './kafka-client.ts';
import type { KafkaNames } from './names.ts';

const SESSION_MS = 10_000;
const HEARTBEATS_PER_SESSION = 5;
const LONGEST_REBALANCE_MS = 10_000;
const REJOIN_PAUSE_MS = 250;

/** A place in the group of a queue, kept for as long as it is wanted. Partitions come and go with generations. */
export class GroupMember {
  readonly #client: KafkaClient;
  readonly #names: KafkaNames;
  readonly #assigned: (partitions: readonly number[], membership: Membership) => void;
  readonly #refused: (error: unknown) => void;
  #consumer: Consumer | undefined;
  #isLeaving = false;
  #joining: Promise<void>;

  /** @param refused called when the group cannot be joined; it is tried again */
  constructor(
    client: KafkaClient,
    names: KafkaNames,
    assigned: (partitions: readonly number[], membership: Membership) => void,
    refused: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#names = names;
    this.#assigned = assigned;
    this.#refused = refused;
    this.#joining = this.#join();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.close(true).catch(() => {});
    await this.#joining;
  }

  async #join(): Promise<void> {
    const sessionTimeout = this.#client.options.sessionMs ?? SESSION_MS;
    while (!this.#isLeaving) {
      const consumer = new Consumer({
        ...clientOptions(this.#client.options),
        groupId: this.#names.group,
        sessionTimeout,
        rebalanceTimeout: Math.max(sessionTimeout, LONGEST_REBALANCE_MS),
        heartbeatInterval: Math.ceil(sessionTimeout / HEARTBEATS_PER_SESSION),
        // A join waits for all others on the broker.
        requestTimeout: LONGEST_REBALANCE_MS + sessionTimeout,
      });
      this.#consumer = consumer;
      consumer.topics.track(this.#names.topic);
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
    const own = assignments?.filter(({ topic }) => topic === this.#names.topic) ?? [];
    this.#assigned(
      own.flatMap(({ partitions }) => partitions),
      { generation: generationId ?? -1, id: memberId },
    );
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

/** Resolves after a while, or when it is not needed any more. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
