import { KitError } from '../../errors.ts';
import type { LogRecord, PartitionLag } from '../log/port.ts';
import { type ConsumerOptions, type DeliveryContext, type FlowState, RecordFlow } from './record-flow.ts';

export interface TopicConsumerOptions<Event> extends ConsumerOptions {
  /** Reads the value of a record; what it throws is the fault of the record: no other delivery will find it better. A tombstone is not read. */
  readonly decode: (record: LogRecord) => Event | Promise<Event>;
  /**
   * Does what an event leads to, once or more often: a consumer that keeps its effects in a database has them once by
   * `EventConsumer` or `acceptWithin`.
   *
   * @param event undefined for a tombstone: there is nothing any more under the record's key
   */
  readonly handle: (event: Event | undefined, record: LogRecord, context: DeliveryContext) => Promise<void> | void;
}

/**
 * Handles the events of topics, those of a key one after the other and of different keys side by side, at least once each.
 * None waits for another key: what does not go is tried in place, then from retry topics, and at last lies among the dead
 * letters with its history.
 */
export class TopicConsumer<Event> implements AsyncDisposable {
  readonly #flow: RecordFlow;

  constructor(options: TopicConsumerOptions<Event>) {
    const { decode, handle } = options;
    this.#flow = new RecordFlow(options, 1, async ([record], context) => {
      if (record === undefined) return;
      await handle(record.value === null ? undefined : await read(record, decode), record, context);
    });
  }

  get state(): FlowState {
    return this.#flow.state;
  }

  /** By topic, those of retries among them. @throws {KitError} `topic-missing`, `bus-unreachable` */
  lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    return this.#flow.lag();
  }

  start(): void {
    this.#flow.start();
  }

  /** Ends what is at work, commits it and gives the partitions to others. */
  close(): Promise<void> {
    return this.#flow.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function read<Event>(record: LogRecord, decode: (record: LogRecord) => Event | Promise<Event>): Promise<Event> {
  try {
    return await decode(record);
  } catch (error) {
    // What may pass, e.g. a registry that is away, is not the fault of the record.
    if (KitError.is(error)) throw error;
    const { topic, partition, offset } = record;
    throw new KitError('event-malformed', `${topic}/${partition}/${offset} cannot be read: ${String(error)}`, {
      cause: error,
    });
  }
}
