import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import type { AttemptRecord, DeadLetter } from '../port.ts';
import { apiFault } from './faults.ts';
import { decodeHeaders, KEY_HEADER } from './item-headers.ts';
import { readReceipt } from './receipt.ts';
import type { RequestLane } from './request-lane.ts';
import { deadLetterSubjectOf, noteSubjectOf } from './stream-config.ts';

/**
 * What JetStream does not keep about an item. It counts deliveries and knows neither why one failed, nor that one was
 * handed back, nor that the item has been given up.
 */
export interface Note {
  /** Deliveries that were handed back and are no attempts. */
  readonly released: number;
  readonly history: readonly AttemptRecord[];
  /** Attempts made when the item was given up. From then on every delivery only finishes its burial. */
  readonly deadAfter?: number;
}

export const EMPTY_NOTE: Note = { released: 0, history: [] };

const ATTEMPTS_HEADER = 'Penstock-Attempts';
const PUBLISHED_HEADER = 'Penstock-Published-At';
const ITEM_HEADER = 'Penstock-Item';
const ITEM_KEY_HEADER = 'Penstock-Key';
const HISTORY_HEADER = 'Penstock-History';

const TIMEOUT_MS = 5_000;
/** A history travels in a header of the dead letter, beside a payload that may fill a message by itself. */
const LONGEST_REASON = 1_000;
const LONGEST_HISTORY = 16;
const NO_MESSAGE = 10_037;

interface StoredMessage {
  readonly message?: {
    readonly subject: string;
    readonly seq: number;
    readonly time: string;
    readonly hdrs?: string;
    readonly data?: string;
  };
}

/** The notes and dead letters of one queue, both in its dead-letter stream. */
export class AttemptJournal {
  readonly #lane: RequestLane;
  readonly #profile: QueueProfile;

  constructor(lane: RequestLane, profile: QueueProfile) {
    this.#lane = lane;
    this.#profile = profile;
  }

  /** @throws {KitError} `bus-unreachable`, `queue-missing` */
  async read<Content>(name: string, absent: Content): Promise<Content> {
    const stored = await this.#get({ last_by_subj: noteSubjectOf(this.#profile, name) });
    return stored === undefined ? absent : (JSON.parse(textOf(stored.data)) as Content);
  }

  /** @throws {KitError} `bus-unreachable`, `storage-full`, `storage-failed` */
  async write(name: string, note: object): Promise<void> {
    const lifetime = headers();
    // An item does not outlive the retention of its queue, so a note on it need not either.
    lifetime.append('Nats-TTL', `${Math.max(1, Math.ceil(this.#profile.retentionMs / 1_000))}s`);
    await this.#publish(noteSubjectOf(this.#profile, name), JSON.stringify(note), lifetime);
  }

  /** Stores the dead letter; once it is stored, storing it again changes nothing. @throws {KitError} as `write` */
  async bury(
    item: string,
    id: string,
    received: Msg,
    publishedAt: number,
    note: Note,
    attempts: number,
  ): Promise<void> {
    const letter = headers();
    for (const [name, value] of Object.entries(decodeHeaders(received.headers))) letter.append(name, value);
    letter.append(KEY_HEADER, item);
    letter.append(ITEM_HEADER, id);
    letter.append(ITEM_KEY_HEADER, received.headers?.get(KEY_HEADER) || id);
    letter.append(ATTEMPTS_HEADER, String(attempts));
    letter.append(PUBLISHED_HEADER, String(publishedAt));
    letter.append(HISTORY_HEADER, JSON.stringify(note.history));
    await this.#publish(deadLetterSubjectOf(this.#profile, item), received.data, letter);
  }

  /** Removes the note of an item that is settled. Best effort: what stays is gone when its lifetime is over. */
  forget(item: string): void {
    const subject = `$JS.API.STREAM.PURGE.${this.#profile.deadLetterStream}`;
    this.#lane.ask(subject, { filter: noteSubjectOf(this.#profile, item) }, TIMEOUT_MS).catch(() => {});
  }

  /** @throws {KitError} `bus-unreachable`, `queue-missing` */
  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    let seq = 1;
    while (letters.length < limit) {
      const stored = await this.#get({ seq, next_by_subj: deadLetterSubjectOf(this.#profile, '*') });
      if (stored === undefined) break;
      letters.push(readDeadLetter(stored));
      seq = stored.seq + 1;
    }
    return letters;
  }

  /** @throws {KitError} `bus-unreachable` */
  async countDeadLetters(): Promise<number> {
    // The first of a batch says how many more there are; stream information would list each of their subjects.
    const query = { seq: 1, next_by_subj: deadLetterSubjectOf(this.#profile, '*'), batch: 1 };
    const subject = `$JS.API.DIRECT.GET.${this.#profile.deadLetterStream}`;
    const first = await this.#lane.send(subject, JSON.stringify(query), TIMEOUT_MS);
    if (first.headers === undefined || first.headers.code !== 0) return 0;
    return 1 + Number(first.headers.get('Nats-Num-Pending'));
  }

  async #get(query: object): Promise<NonNullable<StoredMessage['message']> | undefined> {
    const { deadLetterStream } = this.#profile;
    const subject = `$JS.API.STREAM.MSG.GET.${deadLetterStream}`;
    const answer = await this.#lane.ask<StoredMessage>(subject, query, TIMEOUT_MS);
    if (answer.error !== undefined && answer.error.err_code !== NO_MESSAGE) {
      throw apiFault(answer.error, `stream ${deadLetterStream}`);
    }
    return answer.message;
  }

  async #publish(subject: string, payload: Uint8Array | string, own: MsgHdrs): Promise<void> {
    const message = { subject, payload, headers: own };
    await this.#lane.insist(message, TIMEOUT_MS, (answer) => readReceipt(answer, this.#profile.deadLetterStream));
  }
}

/** The history with one more failure, cut to what a header can carry: the newest ones, each shortened. */
export function withFailure(note: Note, attempt: number, at: number, reason: string): Note {
  const record: AttemptRecord = { attempt, at, reason: reason.slice(0, LONGEST_REASON) };
  return { ...note, history: [...note.history, record].slice(-LONGEST_HISTORY) };
}

function readDeadLetter(stored: NonNullable<StoredMessage['message']>): DeadLetter {
  const values = parseHeaders(textOf(stored.hdrs));
  const history = values.get(HISTORY_HEADER);
  const owned = new Set([HISTORY_HEADER, ATTEMPTS_HEADER, PUBLISHED_HEADER, ITEM_HEADER, ITEM_KEY_HEADER, KEY_HEADER]);
  return {
    id: values.get(ITEM_HEADER) ?? String(stored.seq),
    idempotencyKey: values.get(ITEM_KEY_HEADER) ?? '',
    payload: new Uint8Array(Buffer.from(stored.data ?? '', 'base64')),
    headers: Object.fromEntries([...values].filter(([name]) => !owned.has(name))),
    history: history === undefined ? [] : (JSON.parse(history) as readonly AttemptRecord[]),
    attempts: Number(values.get(ATTEMPTS_HEADER) ?? 0),
    publishedAt: Number(values.get(PUBLISHED_HEADER) ?? 0),
    deadAt: Date.parse(stored.time),
  };
}

/** A stored message carries its headers as the wire did: a version line, then `name: value` lines. */
function parseHeaders(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').slice(1);
  return new Map(
    lines
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

const textOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');
