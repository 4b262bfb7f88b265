import { createHash, randomUUID } from 'node:crypto';
import type { AsyncMessage, Envelope, SyncMessage } from 'rabbitmq-client';
import { KitError } from '../../errors.ts';
import type { AttemptRecord, DeadLetter, OutgoingItem } from '../port.ts';
import type { Lineage } from './fencing-token.ts';

/** What travels with an item, in a header of the driver's own: a user's are lower case and cannot meet it. */
interface Passport extends Omit<Lineage, 'losses'> {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
  /** Attempts made, without those that the server counts since it was last stored. */
  readonly attempts: number;
  readonly history: readonly AttemptRecord[];
  /** Milliseconds since the epoch before which it is not to be taken; also when it died. */
  readonly dueAt: number;
}

/** An item as the driver knows it. */
export interface Item extends Passport, Lineage {
  readonly id: string;
  readonly payload: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface OutgoingMessage {
  readonly envelope: Envelope;
  readonly body: Buffer;
}

type Received = AsyncMessage | SyncMessage;

const PASSPORT = 'Penstock-Item';
const LOSSES = 'x-delivery-count';
const LONGEST_KEY = 512;
const LONGEST_HEADER_NAME = 255;
/** All headers travel in one frame of 128 kB, with the history of the item. */
const MOST_HEADER_BYTES = 64_000;

/** @throws {KitError} `item-malformed` */
export function itemOf({ idempotencyKey, payload, headers }: OutgoingItem): Item {
  if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY)
    throw malformed(`idempotencyKey has ${idempotencyKey.length} characters, expected 1 to ${LONGEST_KEY}`);
  for (const name of Object.keys(headers ?? {}))
    if (name === '' || name !== name.toLowerCase() || Buffer.byteLength(name) > LONGEST_HEADER_NAME)
      throw malformed(`header name ${JSON.stringify(name)}, expected lower case, ${LONGEST_HEADER_NAME} bytes at most`);
  const item: Item = {
    id: randomUUID(),
    key: idempotencyKey,
    payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
    headers: headers ?? {},
    publishedAt: Date.now(),
    attempts: 0,
    generation: 0,
    branch: 0,
    history: [],
    dueAt: 0,
    losses: 0,
  };
  const bytes = headerBytesOf(item);
  if (bytes > MOST_HEADER_BYTES) throw malformed(`the headers have ${bytes} bytes, expected ${MOST_HEADER_BYTES}`);
  return item;
}

/** Bytes of the payload and of its publisher's headers. */
export const sizeOf = (item: Item): number => item.payload.byteLength + headerBytesOf(item);

const headerBytesOf = ({ headers }: Item): number =>
  Object.entries(headers).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);

/** @param ttlMs after which the server gives it on by itself; undefined for never */
export function encodeItem(item: Item, ttlMs: number | undefined): OutgoingMessage {
  const { key, publishedAt, attempts, generation, branch, history, dueAt } = item;
  const passport: Passport = { key, publishedAt, attempts, generation, branch, history, dueAt };
  return {
    envelope: {
      messageId: item.id,
      durable: true,
      headers: { ...item.headers, [PASSPORT]: JSON.stringify(passport) },
      ...(ttlMs === undefined ? {} : { expiration: String(Math.max(0, Math.ceil(ttlMs))) }),
    },
    body: item.payload,
  };
}

/** Also of a message that another program has published. */
export function decodeItem(message: Received): Item {
  const payload = bytesOf(message.body);
  const headers = Object.entries((message.headers ?? {}) as Readonly<Record<string, unknown>>);
  const id = message.messageId || createHash('sha256').update(payload).digest('hex');
  const passport = readPassport(headers.find(([name]) => name === PASSPORT)?.[1]) ?? {
    key: id,
    publishedAt: (message.timestamp ?? 0) * 1_000,
    attempts: 0,
    generation: 0,
    branch: 0,
    history: [],
    dueAt: 0,
  };
  return {
    ...passport,
    id,
    payload,
    headers: Object.fromEntries(
      headers.filter((entry): entry is [string, string] => isOwn(entry[0]) && typeof entry[1] === 'string'),
    ),
    losses: Number(headers.find(([name]) => name === LOSSES)?.[1] ?? 0),
  };
}

/** Undefined for what this driver has not written. */
function readPassport(text: unknown): Passport | undefined {
  if (typeof text !== 'string' || !text.startsWith('{"key":')) return undefined;
  try {
    return JSON.parse(text) as Passport;
  } catch {
    return undefined;
  }
}

export const letterOf = (message: Received): DeadLetter => {
  const { id, key, payload, headers, history, attempts, publishedAt, dueAt } = decodeItem(message);
  return { id, idempotencyKey: key, payload, headers, history, attempts, publishedAt, deadAt: dueAt };
};

/** Neither the driver's nor the server's. */
const isOwn = (name: string): boolean =>
  name !== PASSPORT && !/^x-(delivery-count|death|first-death|last-death)/.test(name);

/** The client reads text and JSON by itself where another program says that it is such. */
function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

const malformed = (message: string): KitError =>
  new KitError('item-malformed', message, { repair: 'put such text into the payload' });
