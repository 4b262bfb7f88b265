import type { QueueProfile } from '@penstock/model';

/**
 * The keys of one queue, in the order in which the scripts take them. The part in braces decides the slot on a cluster:
 * all keys of a queue lie in one, so that a script may touch them together.
 */
export class QueueKeys {
  readonly all: readonly string[];
  /** The profile it was provisioned with. */
  readonly profile: string;
  readonly items: string;
  readonly dead: string;
  /** Where consumers hear that there may be something to take. */
  readonly bell: string;
  readonly #prefix: string;

  constructor({ stream }: QueueProfile) {
    this.#prefix = `penstock:{${stream}}`;
    this.profile = `${this.#prefix}:profile`;
    this.items = `${this.#prefix}:items`;
    this.dead = `${this.#prefix}:dead`;
    this.bell = `${this.#prefix}:bell`;
    const own = ['delayed', 'notes', 'leases', 'token'].map((name) => `${this.#prefix}:${name}`);
    this.all = [this.items, this.dead, this.bell, ...own];
  }

  /** Remembers an idempotency key for the duplicate window. */
  duplicateOf(idempotencyKey: string): string {
    return `${this.#prefix}:key:${idempotencyKey}`;
  }
}
