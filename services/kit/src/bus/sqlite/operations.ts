import type { QueueProfile } from '@penstock/model';
import type { DeadLetter, QueueDepth } from '../port.ts';

// What the SQLite driver asks of the thread that owns the file.

export type Operation =
  | { readonly kind: 'provision'; readonly profile: QueueProfile }
  | { readonly kind: 'bind'; readonly profile: QueueProfile }
  | {
      readonly kind: 'publish';
      readonly queue: number;
      readonly key: string;
      readonly payload: Uint8Array;
      readonly headers: string | null;
    }
  /** Answered as soon as there is at least one item; `cancel` ends the wait. */
  | { readonly kind: 'claim'; readonly queue: number; readonly max: number }
  | { readonly kind: 'cancel'; readonly claim: number }
  | { readonly kind: 'ack'; readonly item: number; readonly token: number }
  | { readonly kind: 'extend'; readonly queue: number; readonly item: number; readonly token: number }
  | { readonly kind: 'release'; readonly item: number; readonly token: number }
  | {
      readonly kind: 'fail';
      readonly queue: number;
      readonly item: number;
      readonly token: number;
      readonly reason: string;
      readonly retryable: boolean;
      readonly delayMs: number | undefined;
    }
  | { readonly kind: 'depth'; readonly queue: number }
  | { readonly kind: 'dead-letters'; readonly queue: number; readonly limit: number };

/** Items of one claim, field by field: a thousand small objects would cost more to hand over than to lease. */
export interface ClaimedItems {
  /** One for all: it only has to be greater than that of every earlier claim. */
  readonly token: number;
  readonly expiresAt: number;
  readonly items: readonly number[];
  readonly attempts: readonly number[];
  readonly publishedAt: readonly number[];
  readonly keys: readonly string[];
  readonly headers: readonly (string | null)[];
  /** All payloads, one behind the other. */
  readonly payloads: Uint8Array;
  /** Where each payload ends. */
  readonly ends: readonly number[];
}

/** One shape for all answers keeps the thread's protocol flat; each operation fills the field it is asked for. */
export type OperationResult =
  | { readonly kind: 'bound'; readonly queue: number }
  | { readonly kind: 'published'; readonly item: number; readonly duplicate: boolean }
  | { readonly kind: 'claimed'; readonly claimed: ClaimedItems | undefined }
  | { readonly kind: 'extended'; readonly expiresAt: number }
  | { readonly kind: 'failed'; readonly outcome: 'retried' | 'dead-lettered' }
  | { readonly kind: 'depth'; readonly depth: QueueDepth }
  | { readonly kind: 'dead-letters'; readonly letters: readonly DeadLetter[] };

export const headersOf = (headers: string | null): Readonly<Record<string, string>> =>
  headers === null ? {} : (JSON.parse(headers) as Readonly<Record<string, string>>);
