import { KitError } from '../../errors.ts';
import type { AttemptRecord, DeadLetter, OutgoingItem } from '../port.ts';

/** A record as the driver knows it. */
export interface ItemRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly payload: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What a client of Kafka sends. */
export interface OutgoingRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** Headers of the driver's own; a user's are lower case and cannot meet them. */
const OWNED = /^Penstock-/;
const LETTER = 'Penstock-Letter';
const LONGEST_KEY = 512;

export const idOf = ({ partition, offset }: { readonly partition: number; readonly offset: number }): string =>
  `${partition}-${offset}`;

/** @throws {KitError} `item-malformed` */
export function encodeItem({ idempotencyKey, payload, headers }: OutgoingItem): OutgoingRecord {
  if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY)
    throw malformed(`idempotencyKey has ${idempotencyKey.length} characters, expected 1 to ${LONGEST_KEY}`);
  const encoded = new Map<Buffer, Buffer>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name === '' || name !== name.toLowerCase())
      throw malformed(`header name ${JSON.stringify(name)}, expected lower case`);
    encoded.set(Buffer.from(name), Buffer.from(value));
  }
  return { key: Buffer.from(idempotencyKey), value: viewOf(payload), headers: encoded };
}

export const ownHeaders = (headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> =>
  Object.fromEntries([...headers].filter(([name]) => !OWNED.test(name)));

export const sizeOf = ({ value, headers }: OutgoingRecord): number =>
  [...headers].reduce((bytes, [name, text]) => bytes + name.byteLength + text.byteLength, value.byteLength);

interface Letter {
  readonly id: string;
  readonly attempts: number;
  readonly publishedAt: number;
  readonly history: readonly AttemptRecord[];
}

/** An item as it goes to the dead letters. */
export function encodeLetter(
  record: ItemRecord,
  { attempts, history }: { readonly attempts: number; readonly history: readonly AttemptRecord[] },
): OutgoingRecord {
  const letter: Letter = { id: idOf(record), attempts, publishedAt: record.timestamp, history };
  const headers = new Map([...record.headers].map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
  headers.set(Buffer.from(LETTER), Buffer.from(JSON.stringify(letter)));
  return { key: Buffer.from(record.key), value: viewOf(record.payload), headers };
}

export function decodeLetter(record: ItemRecord): DeadLetter {
  const text = record.headers.get(LETTER);
  const letter: Letter =
    text === undefined
      ? { id: idOf(record), attempts: 0, publishedAt: record.timestamp, history: [] }
      : (JSON.parse(text) as Letter);
  return {
    ...letter,
    idempotencyKey: record.key,
    payload: record.payload,
    headers: ownHeaders(record.headers),
    deadAt: record.timestamp,
  };
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

const malformed = (message: string): KitError =>
  new KitError('item-malformed', message, { repair: 'put such text into the payload' });
