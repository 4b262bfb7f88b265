import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { KitError } from '../../errors.ts';
import type { NatsClient } from './connection.ts';
import { messageOf } from './connection.ts';

interface Waiting {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: KitError) => void;
  readonly subject: string;
  sweepsLeft: number;
}

const SWEEP_MS = 250;
const RESEND_AFTER_MS = 2_000;
const RESEND_PAUSE_MS = 250;
const NO_RESPONDERS = 503;

/** What the JetStream API answers when it refuses. */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/**
 * Requests over one subscription and one timer for all of them. A queue makes one request an item to settle it; the
 * client's own request makes a timer and two promises each.
 */
export class RequestLane {
  readonly #connection: NatsConnection;
  readonly #inboxPrefix: string | undefined;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sweep: NodeJS.Timeout;
  #last = 0;
  #connected = true;
  #insisting = 0;
  #onIdle: (() => void) | undefined;

  constructor({ connection, inboxPrefix }: NatsClient) {
    this.#connection = connection;
    this.#inboxPrefix = inboxPrefix;
    this.#inbox = `${this.newInbox()}.`;
    this.#subscription = connection.subscribe(`${this.#inbox}*`, { callback: (_, msg) => this.#answered(msg) });
    this.#sweep = setInterval(() => this.#dropOverdue(), SWEEP_MS);
    this.#sweep.unref();
    void this.#follow();
  }

  /** A subject for answers that this client may read. */
  newInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  /**
   * Resolves with the answer.
   *
   * @throws {KitError} `bus-unreachable` when nobody answers in time: whether it was done is unknown; `bus-closed`
   */
  send(subject: string, payload: Uint8Array | string, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    return new Promise((resolve, reject) => {
      if (!this.#connected) {
        // The client would keep it and drop it when it connects.
        reject(unreachable(`not connected, for a request on ${subject}`, 'wait until the server is back'));
        return;
      }
      const id = (++this.#last).toString(36);
      try {
        const reply = this.#inbox + id;
        this.#connection.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
      } catch (error) {
        reject(closedError(error));
        return;
      }
      // Counted in sweeps that ran: an event loop that stood still must not make answers overdue that wait to be read.
      this.#waiting.set(id, { resolve, reject, subject, sweepsLeft: Math.ceil(timeoutMs / SWEEP_MS) + 1 });
    });
  }

  /** Sends again until somebody answers: only for what may be done twice. @throws {KitError} as `send` */
  async insist(subject: string, payload: Uint8Array | string, horizonMs: number, headers?: MsgHdrs): Promise<Msg> {
    const horizon = performance.now() + horizonMs;
    this.#insisting++;
    try {
      for (;;) {
        try {
          return await this.send(subject, payload, RESEND_AFTER_MS, headers);
        } catch (error) {
          if (!KitError.is(error, 'bus-unreachable') || performance.now() >= horizon) throw error;
          await new Promise((resolve) => setTimeout(resolve, RESEND_PAUSE_MS));
        }
      }
    } finally {
      this.#insisting--;
      this.#checkIdle();
    }
  }

  /** A request to the JetStream API, which speaks JSON. @throws {KitError} as `send` */
  async ask<Answer>(subject: string, body: object, timeoutMs: number): Promise<Answer & { readonly error?: ApiError }> {
    const answer = await this.send(subject, JSON.stringify(body), timeoutMs);
    return answer.json<Answer & { readonly error?: ApiError }>();
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#subscription.unsubscribe();
    for (const [id, { reject }] of this.#waiting) {
      this.#done(id);
      reject(closedError());
    }
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'reconnect') this.#connected = true;
      if (type !== 'disconnect') continue;
      this.#connected = false;
      for (const [id, { reject, subject }] of this.#waiting) {
        this.#done(id);
        reject(
          unreachable(
            `the connection was lost before the answer on ${subject}`,
            'send it again: whether it was done is unknown',
          ),
        );
      }
    }
  }

  #answered(msg: Msg): void {
    const id = msg.subject.slice(this.#inbox.length);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#done(id);
    if (msg.data.length === 0 && msg.headers?.code === NO_RESPONDERS) {
      waiting.reject(
        unreachable(
          `nobody answers on ${waiting.subject}`,
          'enable JetStream on the server, or wait until it has a leader again',
        ),
      );
    } else {
      waiting.resolve(msg);
    }
  }

  #dropOverdue(): void {
    for (const [id, waiting] of this.#waiting) {
      if (--waiting.sweepsLeft > 0) continue;
      this.#done(id);
      waiting.reject(
        unreachable(`no answer on ${waiting.subject} in time`, 'check the server; whether it was done is unknown'),
      );
    }
  }

  #done(id: string): void {
    this.#waiting.delete(id);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#waiting.size === 0 && this.#insisting === 0) this.#onIdle?.();
  }
}

const unreachable = (message: string, repair: string): KitError => new KitError('bus-unreachable', message, { repair });

function closedError(cause?: unknown): KitError {
  return new KitError('bus-closed', cause === undefined ? 'the bus was closed' : messageOf(cause), {
    repair: 'open it again',
    ...(cause === undefined ? {} : { cause }),
  });
}
