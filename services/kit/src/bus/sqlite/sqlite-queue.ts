import type { QueueProfile } from '@penstock/model';
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
import type { Operation, OperationResult } from './operations.ts';
import type { Store } from './sqlite-bus.ts';
import { SqliteConsumption } from './sqlite-consumption.ts';

type ResultOf<Kind extends OperationResult['kind']> = Extract<OperationResult, { kind: Kind }>;

/** One queue of the file, bound by its profile. */
export class SqliteQueue implements Queue {
  readonly profile: QueueProfile;
  readonly #store: Store;
  readonly #number: number;
  readonly #consumptions = new Set<SqliteConsumption>();

  constructor(store: Store, profile: QueueProfile, number: number) {
    this.#store = store;
    this.profile = profile;
    this.#number = number;
  }

  async publish({ idempotencyKey, payload, headers }: OutgoingItem): Promise<PublishReceipt> {
    const headersText = headers === undefined ? null : JSON.stringify(headers);
    checkSize(this.profile, idempotencyKey, payload.byteLength + Buffer.byteLength(headersText ?? ''));
    const { item, duplicate } = await this.#ask<'published'>({
      kind: 'publish',
      queue: this.#number,
      key: idempotencyKey,
      payload,
      headers: headersText,
    });
    return { id: String(item), duplicate };
  }

  consume({ prefetch }: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    const consumption: SqliteConsumption = new SqliteConsumption(
      this.#store,
      this.profile,
      this.#number,
      { prefetch, onLease },
      () => this.#consumptions.delete(consumption),
    );
    this.#consumptions.add(consumption);
    this.#store.schedule();
    return consumption;
  }

  async depth(): Promise<QueueDepth> {
    return (await this.#ask<'depth'>({ kind: 'depth', queue: this.#number })).depth;
  }

  async deadLetters({ limit }: { readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return (await this.#ask<'dead-letters'>({ kind: 'dead-letters', queue: this.#number, limit: limit ?? 100 }))
      .letters;
  }

  /** Joins a batch that is about to be committed anyway. */
  claimFreeSlots(): void {
    for (const consumption of this.#consumptions) consumption.claimFreeSlots();
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#consumptions, (consumption) => consumption.stop()));
  }

  async #ask<Kind extends OperationResult['kind']>(op: Operation): Promise<ResultOf<Kind>> {
    return (await this.#store.request(op)) as ResultOf<Kind>;
  }
}
