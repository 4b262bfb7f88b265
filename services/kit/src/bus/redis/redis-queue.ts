import type { QueueProfile } from '@penstock/model';
import { checkSize } from '../item-size.ts';
import type {
  AttemptRecord,
  ConsumeOptions,
  Consumption,
  DeadLetter,
  Lease,
  OutgoingItem,
  PublishReceipt,
  Queue,
  QueueDepth,
} from '../port.ts';
import type { RedisConnection } from './connection.ts';
import type { QueueKeys } from './queue-keys.ts';
import { RedisConsumption } from './redis-consumption.ts';
import { publishedAtOf } from './redis-lease.ts';
import { DEPTH, PUBLISH } from './scripts.ts';

/** One stream, its group and what belongs to them, bound by their profile. */
export class RedisQueue implements Queue {
  readonly profile: QueueProfile;
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #consumptions = new Set<RedisConsumption>();

  constructor(connection: RedisConnection, keys: QueueKeys, profile: QueueProfile) {
    this.#connection = connection;
    this.#keys = keys;
    this.profile = profile;
  }

  async publish({ idempotencyKey, payload, headers }: OutgoingItem): Promise<PublishReceipt> {
    const { stream, consumer, duplicateWindowMs } = this.profile;
    const headersText = JSON.stringify(headers ?? {});
    checkSize(
      this.profile,
      idempotencyKey,
      payload.byteLength + (headers === undefined ? 0 : Buffer.byteLength(headersText)),
    );
    const reply = await this.#connection.run(
      PUBLISH,
      `queue ${stream}, item ${idempotencyKey}`,
      [...this.#keys.all, this.#keys.duplicateOf(idempotencyKey)],
      [consumer, String(duplicateWindowMs), idempotencyKey, headersText, bytesOf(payload)],
    );
    const [id, duplicate] = reply as readonly [Buffer, number];
    return { id: id.toString(), duplicate: duplicate === 1 };
  }

  consume({ prefetch }: ConsumeOptions, onLease: (lease: Lease) => void): Consumption {
    const consumption: RedisConsumption = new RedisConsumption(
      this.#connection,
      this.#keys,
      this.profile,
      { prefetch, onLease },
      () => this.#consumptions.delete(consumption),
    );
    this.#consumptions.add(consumption);
    return consumption;
  }

  async depth(): Promise<QueueDepth> {
    const { stream, consumer } = this.profile;
    const reply = await this.#connection.run(DEPTH, `queue ${stream}`, this.#keys.all, [consumer]);
    const [ready, delayed, leased, deadLettered] = reply as readonly [number, number, number, number];
    return { ready, delayed, leased, deadLettered };
  }

  async deadLetters({ limit }: { readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    const command = ['XRANGE', this.#keys.dead, '-', '+', 'COUNT', String(limit ?? 100)];
    const entries = await this.#connection.ask(`dead letters of queue ${this.profile.stream}`, command);
    return (entries as readonly (readonly [Buffer, readonly Buffer[]])[]).map(letterOf);
  }

  /** @internal There may be something to take. */
  wake(): void {
    for (const consumption of this.#consumptions) consumption.wake();
  }

  /** @internal */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#consumptions, (consumption) => consumption.stop()));
  }

  /** @internal The connection is gone. */
  abandon(): void {
    for (const consumption of this.#consumptions) consumption.abandon();
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

function letterOf([entry, fields]: readonly [Buffer, readonly Buffer[]]): DeadLetter {
  const names = fields.filter((_, index) => index % 2 === 0).map(String);
  const field = (name: string): Buffer => fields[names.indexOf(name) * 2 + 1] ?? Buffer.alloc(0);
  const id = field('item').toString();
  return {
    id,
    idempotencyKey: field('key').toString(),
    payload: field('payload'),
    headers: JSON.parse(field('headers').toString()),
    history: recordsIn(field('history').toString()),
    attempts: Number(field('attempts').toString()),
    publishedAt: publishedAtOf(id),
    deadAt: publishedAtOf(entry.toString()),
  };
}

const recordsIn = (history: string): readonly AttemptRecord[] =>
  history
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AttemptRecord);
