import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { QueueProfile } from '@penstock/model';
import { Refusal } from '../../sqlite/store-thread.ts';
import type { AttemptRecord, DeadLetter, QueueDepth } from '../port.ts';
import { profileDifferences } from '../profile-differences.ts';
import { type ClaimedItems, headersOf } from './operations.ts';

/** Expired keys removed with one publish: more than one, so that the table shrinks, and few, so that nothing stalls. */
const KEYS_PURGED_AT_ONCE = 4;

interface ItemRow {
  readonly item: number;
  readonly attempt: number;
  readonly published_at: number;
  readonly key: string;
  readonly headers: string | null;
  readonly history: string | null;
  readonly payload: Uint8Array;
}

/** The rules of a queue as statements on one file. Every method runs inside a transaction of its caller. */
export class ItemStore {
  readonly #profiles = new Map<number, QueueProfile>();
  readonly #sql: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#sql = Object.fromEntries(
      Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof STATEMENTS, StatementSync>;
  }

  provision(profile: QueueProfile): void {
    this.#sql.provision.run(profile.stream, JSON.stringify(profile));
  }

  /** @returns the queue's number. @throws {Refusal} `queue-missing`, `queue-mismatch` */
  bind(profile: QueueProfile, path: string): number {
    const row = this.#sql.queue.get(profile.stream) as
      | { readonly number: number; readonly profile: string }
      | undefined;
    if (row === undefined) {
      throw new Refusal(
        'queue-missing',
        `no queue ${profile.stream} in ${path}`,
        'provision it: `penstock up` does on this machine',
      );
    }
    const provisioned = JSON.parse(row.profile) as QueueProfile;
    const differences = profileDifferences(provisioned, profile);
    if (differences.length > 0) {
      throw new Refusal(
        'queue-mismatch',
        `queue ${profile.stream}: ${differences.join('; ')}`,
        'provision it with the same profile',
      );
    }
    this.#profiles.set(row.number, profile);
    return row.number;
  }

  publish(
    queue: number,
    key: string,
    payload: Uint8Array,
    headers: string | null,
    now: number,
  ): { readonly item: number; readonly duplicate: boolean } {
    this.#sql.purgeKeys.run(now, KEYS_PURGED_AT_ONCE);
    const before = this.#sql.key.get(queue, key, now) as { readonly item: number } | undefined;
    if (before !== undefined) return { item: before.item, duplicate: true };
    const item = Number(this.#sql.insert.run(queue, now, now, key, headers, payload).lastInsertRowid);
    this.#sql.remember.run(queue, key, item, now + this.#profile(queue).duplicateWindowMs);
    return { item, duplicate: false };
  }

  /**
   * Leases up to `max` items. Those whose attempts or time are used up go to the dead letters on the way.
   *
   * @returns undefined when there is none
   */
  claim(queue: number, max: number, now: number): ClaimedItems | undefined {
    const { maxAttempts, ackWaitMs, retentionMs } = this.#profile(queue);
    const rows = (this.#sql.due.all(queue, now, max) as unknown as readonly ItemRow[]).filter((row) => {
      const isOld = row.published_at + retentionMs <= now;
      if (row.attempt < maxAttempts && !isOld) return true;
      const history =
        row.attempt < maxAttempts
          ? appendHistory(row.history, row.attempt, now, 'the retention of the queue is over')
          : row.history;
      this.#bury(queue, row, row.attempt, history, now);
      return false;
    });
    if (rows.length === 0) return undefined;
    const { token } = this.#sql.takeToken.get() as { readonly token: number };
    const expiresAt = now + ackWaitMs;
    const items = rows.map(({ item }) => item);
    this.#sql.lease.run(token, expiresAt, JSON.stringify(items));
    return {
      token,
      expiresAt,
      items,
      attempts: rows.map(({ attempt }) => attempt + 1),
      publishedAt: rows.map(({ published_at }) => published_at),
      keys: rows.map(({ key }) => key),
      headers: rows.map(({ headers }) => headers),
      ...joined(rows.map(({ payload }) => payload)),
    };
  }

  ack(item: number, token: number, now: number): void {
    if (this.#sql.ack.run(item, token, now).changes === 0) throw lost(item);
  }

  extend(queue: number, item: number, token: number, now: number): number {
    const expiresAt = now + this.#profile(queue).ackWaitMs;
    if (this.#sql.extend.run(expiresAt, item, token, now).changes === 0) throw lost(item);
    return expiresAt;
  }

  /** Hands back as if the delivery had not been: the attempt does not count. */
  release(item: number, token: number, now: number): void {
    if (this.#sql.release.run(now, item, token, now).changes === 0) throw lost(item);
  }

  fail(
    queue: number,
    item: number,
    token: number,
    failure: { readonly reason: string; readonly retryable: boolean; readonly delayMs: number | undefined },
    now: number,
  ): 'retried' | 'dead-lettered' {
    const row = this.#sql.leased.get(item, token, now) as ItemRow | undefined;
    if (row === undefined) throw lost(item);
    const { maxAttempts, backoffMs } = this.#profile(queue);
    const history = appendHistory(row.history, row.attempt, now, failure.reason);
    if (!failure.retryable || row.attempt >= maxAttempts) {
      this.#bury(queue, row, row.attempt, history, now);
      return 'dead-lettered';
    }
    const delay = failure.delayMs ?? backoffMs[Math.min(row.attempt, backoffMs.length) - 1] ?? 0;
    this.#sql.retry.run(now + delay, history, item);
    return 'retried';
  }

  depth(queue: number, now: number): QueueDepth {
    return this.#sql.depth.get({ queue, now }) as unknown as QueueDepth;
  }

  deadLetters(queue: number, limit: number): readonly DeadLetter[] {
    const rows = this.#sql.deadLetters.all(queue, limit) as unknown as readonly (ItemRow & {
      readonly attempts: number;
      readonly dead_at: number;
    })[];
    return rows.map((row) => ({
      id: String(row.item),
      idempotencyKey: row.key,
      payload: row.payload,
      headers: headersOf(row.headers),
      history: historyOf(row.history),
      attempts: row.attempts,
      publishedAt: row.published_at,
      deadAt: row.dead_at,
    }));
  }

  /** When the next item of a queue can be taken, leases that run out included; undefined when it is empty. */
  nextDue(queue: number): number | undefined {
    return (this.#sql.nextDue.get(queue) as { readonly due_at: number } | undefined)?.due_at;
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return (this.#sql.dataVersion.get() as { readonly data_version: number }).data_version;
  }

  #bury(queue: number, row: ItemRow, attempts: number, history: string | null, now: number): void {
    this.#sql.bury.run(row.item, queue, attempts, row.published_at, now, row.key, row.headers, history, row.payload);
    this.#sql.remove.run(row.item);
  }

  #profile(queue: number): QueueProfile {
    const profile = this.#profiles.get(queue);
    if (profile === undefined) throw new Refusal('queue-missing', `queue ${queue} was not bound`);
    return profile;
  }
}

const LEASED = 'item = ? AND token = ? AND due_at > ?';

const STATEMENTS = {
  provision:
    'INSERT INTO queues (stream, profile) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET profile = excluded.profile',
  queue: 'SELECT number, profile FROM queues WHERE stream = ?',
  purgeKeys:
    'DELETE FROM keys WHERE (queue, key) IN (SELECT queue, key FROM keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
  key: 'SELECT item FROM keys WHERE queue = ? AND key = ? AND expires_at > ?',
  insert: 'INSERT INTO items (queue, due_at, published_at, key, headers, payload) VALUES (?, ?, ?, ?, ?, ?)',
  remember: 'INSERT OR REPLACE INTO keys (queue, key, item, expires_at) VALUES (?, ?, ?, ?)',
  due: 'SELECT item, attempt, published_at, key, headers, history, payload FROM items WHERE queue = ? AND due_at <= ? ORDER BY due_at, item LIMIT ?',
  takeToken: 'UPDATE fencing SET token = token + 1 RETURNING token',
  lease: 'UPDATE items SET token = ?, due_at = ?, attempt = attempt + 1 WHERE item IN (SELECT value FROM json_each(?))',
  leased: `SELECT item, attempt, published_at, key, headers, history, payload FROM items WHERE ${LEASED}`,
  ack: `DELETE FROM items WHERE ${LEASED}`,
  extend: `UPDATE items SET due_at = ? WHERE ${LEASED}`,
  release: `UPDATE items SET token = 0, due_at = ?, attempt = attempt - 1 WHERE ${LEASED}`,
  retry: 'UPDATE items SET token = 0, due_at = ?, history = ? WHERE item = ?',
  remove: 'DELETE FROM items WHERE item = ?',
  bury: 'INSERT INTO dead_letters (item, queue, attempts, published_at, dead_at, key, headers, history, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  depth: `SELECT
      (SELECT count(*) FROM items WHERE queue = :queue AND due_at <= :now) AS ready,
      (SELECT count(*) FROM items WHERE queue = :queue AND due_at > :now AND token = 0) AS delayed,
      (SELECT count(*) FROM items WHERE queue = :queue AND due_at > :now AND token > 0) AS leased,
      (SELECT count(*) FROM dead_letters WHERE queue = :queue) AS deadLettered`,
  deadLetters: 'SELECT * FROM dead_letters WHERE queue = ? ORDER BY dead_at, item LIMIT ?',
  nextDue: 'SELECT due_at FROM items WHERE queue = ? ORDER BY due_at LIMIT 1',
  dataVersion: 'PRAGMA data_version',
} as const;

const lost = (item: number): Refusal =>
  new Refusal('lease-lost', `the lease of item ${item} is over`, 'let go of it: another worker has it or will');

const historyOf = (history: string | null): readonly AttemptRecord[] =>
  history === null ? [] : (JSON.parse(history) as readonly AttemptRecord[]);

function appendHistory(history: string | null, attempt: number, at: number, reason: string): string {
  return JSON.stringify([...historyOf(history), { attempt, at, reason }]);
}

function joined(parts: readonly Uint8Array[]): Pick<ClaimedItems, 'payloads' | 'ends'> {
  const payloads = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  const ends = parts.map((part) => {
    payloads.set(part, end);
    end += part.byteLength;
    return end;
  });
  return { payloads, ends };
}
