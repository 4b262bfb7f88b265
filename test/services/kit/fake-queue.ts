import type { Consumption, DeadLetter, Failure, Lease, PublishReceipt, Queue, QueueDepth } from '@penstock/kit';
import { KitError } from '@penstock/kit';
import type { QueueProfile } from '@penstock/model';

export const QUEUE_PROFILE: QueueProfile = {
  id: 'mails',
  stream: 'mails',
  subject: 'mails',
  consumer: 'classify',
  deadLetterStream: 'mails-dead',
  deadLetterSubject: 'mails.dead',
  durability: 'fsync',
  ackWaitMs: 30_000,
  maxAckPending: 100,
  maxAttempts: 3,
  backoffMs: [1],
  maxItemBytes: 65_536,
  duplicateWindowMs: 60_000,
  idempotencyWindowMs: 60_000,
  retentionMs: 600_000,
  doneWithinMs: 60_000,
};

/** A lease in the test's hand: how it was settled can be awaited, and it can be lost. */
export class FakeLease implements Lease {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly payload = new Uint8Array();
  readonly headers: Readonly<Record<string, string>>;
  readonly attempt = 1;
  readonly token = 1;
  readonly publishedAt = Date.now();
  readonly expiresAt = Number.MAX_SAFE_INTEGER;
  readonly failures: Failure[] = [];
  extensions = 0;
  /** What the next settlement throws. */
  refusal: unknown;
  /** What an ack waits for. */
  confirmation: Promise<void> = Promise.resolve();
  readonly #lost = new AbortController();
  readonly #settled = Promise.withResolvers<string>();
  readonly settled = this.#settled.promise;

  constructor(id: string, headers: Readonly<Record<string, string>> = {}) {
    this.headers = headers;
    this.id = id;
    this.idempotencyKey = id;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  lose(): void {
    this.#lost.abort(new KitError('lease-lost', 'taken over'));
  }

  async extend(): Promise<void> {
    this.extensions++;
  }

  async ack(): Promise<void> {
    await this.confirmation;
    this.#settle('acked');
  }

  async fail(failure: Failure): Promise<'retried' | 'dead-lettered'> {
    this.failures.push(failure);
    this.#settle('failed');
    return failure.retryable === false ? 'dead-lettered' : 'retried';
  }

  async release(): Promise<void> {
    this.#settle('released');
  }

  #settle(how: string): void {
    this.#settled.resolve(this.refusal === undefined ? how : `${how} in vain`);
    if (this.refusal !== undefined) throw this.refusal;
  }
}

/** A queue that delivers what a test hands it. */
export class FakeQueue implements Queue {
  readonly profile: QueueProfile;
  prefetch = 0;
  /** What `depth` says. */
  open: QueueDepth = { ready: 0, delayed: 0, leased: 0, deadLettered: 0 };
  unreachable = false;
  /** Runs while the consumption stops. */
  onStop: () => void | Promise<void> = () => {};
  #onLease: (lease: Lease) => void = () => {};

  constructor(profile: QueueProfile = QUEUE_PROFILE) {
    this.profile = profile;
  }

  deliver(ids: string | readonly string[], headers: Readonly<Record<string, string>> = {}): readonly FakeLease[] {
    const leases = [ids].flat().map((id) => new FakeLease(id, headers));
    for (const lease of leases) this.#onLease(lease);
    return leases;
  }

  consume({ prefetch }: { readonly prefetch: number }, onLease: (lease: Lease) => void): Consumption {
    this.prefetch = prefetch;
    this.#onLease = onLease;
    return { stop: async () => this.onStop(), closed: new Promise(() => {}) };
  }

  publish(): Promise<PublishReceipt> {
    return Promise.reject(new Error('nothing is published here'));
  }

  async depth(): Promise<QueueDepth> {
    if (this.unreachable) throw new KitError('bus-unreachable', 'away');
    return this.open;
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    return [];
  }
}
