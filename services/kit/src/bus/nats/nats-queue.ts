import type { NatsConnection } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import { checkSize } from '../item-size.ts';
import type {
  ConsumeOptions,
  Consumption,
  DeadLetter,
  Lease,
  OutgoingItem,
  PublishReceipt,
  Queue,
  QueueDepth,
} from '../port.ts';
import { AttemptJournal } from './attempt-journal.ts';
import { apiFault } from './faults.ts';
import { encodeHeaders } from './item-headers.ts';
import { NatsConsumption } from './nats-consumption.ts';
import { readReceipt } from './receipt.ts';
import type { RequestLane } from './request-lane.ts';

const TIMEOUT_MS = 5_000;
/** Longer than an election takes: whoever waits for a publish is told by then. */
const PUBLISH_HORIZON_MS = 15_000;

interface ConsumerState {
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

/** One stream and its consumer, bound by their profile. */
export class NatsQueue implements Queue {
  readonly profile: QueueProfile;
  readonly #connection: NatsConnection;
  readonly #lane: RequestLane;
  readonly #journal: AttemptJournal;
  /** For how long an item may be sent again: after it a copy might find that the server has forgotten its key. */
  readonly #horizonMs: number;
  readonly #consumptions = new Set<NatsConsumption>();

  constructor(connection: NatsConnection, lane: RequestLane, profile: QueueProfile) {
    this.#connection = connection;
    this.#lane = lane;
    this.profile = profile;
    this.#journal = new AttemptJournal(lane, profile);
    this.#horizonMs = Math.min(PUBLISH_HORIZON_MS, profile.duplicateWindowMs / 2);
  }

  get consumptions(): Iterable<NatsConsumption> {
    return this.#consumptions;
  }

  /**
   * A copy that is sent again because the answer to the first was lost is reported as `duplicate`. Goes on through an
   * election or a lost connection, 15 seconds long, or half of the duplicate window where that is less.
   */
  async publish(item: OutgoingItem): Promise<PublishReceipt> {
    const { stream, subject } = this.profile;
    checkSize(this.profile, item.idempotencyKey, sizeOf(item));
    const headers = encodeHeaders(item);
    try {
      return await this.#lane.insist({ subject, payload: item.payload, headers }, this.#horizonMs, (answer) =>
        readReceipt(answer, stream),
      );
    } catch (error) {
      if (!KitError.is(error, 'bus-unreachable')) throw error;
      throw new KitError('bus-unreachable', `item ${item.idempotencyKey}: ${messageBefore(error)}`, {
        repair: 'publish it again with the same key: should it be there already, that adds nothing',
        cause: error,
      });
    }
  }

  consume({ prefetch }: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    if (this.#connection.isClosed())
      throw new KitError('bus-closed', 'the bus was closed', { repair: 'open it again' });
    const consumption: NatsConsumption = new NatsConsumption(
      this.#connection,
      this.#lane,
      this.#journal,
      this.profile,
      { prefetch, onLease },
      () => this.#consumptions.delete(consumption),
    );
    this.#consumptions.add(consumption);
    return consumption;
  }

  async depth(): Promise<QueueDepth> {
    const { stream, consumer } = this.profile;
    const subject = `$JS.API.CONSUMER.INFO.${stream}.${consumer}`;
    const counting = this.#journal.countDeadLetters();
    // Of a stream that is not there nobody answers this one: what the consumer's says of it comes first.
    counting.catch(() => {});
    const info = await this.#lane.ask<ConsumerState>(subject, {}, TIMEOUT_MS);
    if (info.error !== undefined) throw apiFault(info.error, `consumer ${consumer} of stream ${stream}`);
    // What waits for a retry is not acked either, and the server does not tell the two apart.
    return { ready: info.num_pending, delayed: 0, leased: info.num_ack_pending, deadLettered: await counting };
  }

  async deadLetters({ limit }: { readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return this.#journal.deadLetters(limit ?? 100);
  }
}

function sizeOf({ payload, headers }: OutgoingItem): number {
  let bytes = payload.byteLength;
  for (const [name, value] of Object.entries(headers ?? {}))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

/** The message of a fault without its own code and repair, to which the new one adds other words. */
const messageBefore = (error: KitError): string => error.message.split(' [')[0] ?? error.message;
