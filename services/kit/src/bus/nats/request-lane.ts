import {
  createInbox,
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { KitError } from '../../errors.ts';
import type { NatsClient } from './connection.ts';
import { messageOf } from './connection.ts';
import { type PermissionViolation, refusal } from './faults.ts';

interface Waiting {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: KitError) => void;
  readonly subject: string;
  sweepsLeft: number;
}

const SWEEP_MS = 250;
const RESEND_AFTER_MS = 2_000;
const FIRST_PAUSE_MS = 125;
const LONGEST_PAUSE_MS = 2_000;
/** What is under way when the lane closes gets this long. */
const CLOSING_MS = 5_000;
const NO_RESPONDERS = 503;

export interface LaneRequest {
  readonly subject: string;
  readonly payload: Uint8Array | string;
  readonly headers?: MsgHdrs;
}

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
  #closesAt = Number.POSITIVE_INFINITY;
  /** Why no answer will ever come. */
  #refused: KitError | undefined;
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
   * @throws {KitError} `bus-unreachable` when nobody answers in time: whether it was done is unknown; `bus-refused`;
   * `bus-closed`
   */
  send(subject: string, payload: Uint8Array | string, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    return new Promise((resolve, reject) => {
      if (this.#refused !== undefined) {
        reject(this.#refused);
        return;
      }
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

  /**
   * Sends again, with longer and longer pauses, until somebody gives an answer that `read` takes: only for what may be
   * done twice.
   *
   * @throws {KitError} as `send` and `read`; after `bus-unreachable` it goes on until the horizon
   */
  async insist<Answer>(
    { subject, payload, headers }: LaneRequest,
    horizonMs: number,
    read: (answer: Msg) => Answer,
  ): Promise<Answer> {
    const horizon = performance.now() + horizonMs;
    this.#insisting++;
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        try {
          return read(await this.send(subject, payload, RESEND_AFTER_MS, headers));
        } catch (error) {
          const leftMs = Math.min(horizon, this.#closesAt) - performance.now();
          if (!KitError.is(error, 'bus-unreachable') || leftMs <= 0) throw error;
          // Everyone who waits for the same leader would come back at the same moment.
          const jitteredMs = pauseMs * (0.5 + Math.random());
          await new Promise((resolve) => setTimeout(resolve, Math.min(jitteredMs, leftMs)));
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

  /** Resolves when no request is under way, which takes a while where nobody answers. */
  idle(): Promise<void> {
    this.#closesAt = performance.now() + CLOSING_MS;
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
    for await (const status of this.#connection.status()) {
      if (status.type === 'reconnect') this.#connected = true;
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.#refuse(status.error);
      if (status.type !== 'disconnect') continue;
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

  /** The server says so beside the request, not in answer to it. */
  #refuse(violation: PermissionViolation): void {
    const error = refusal(violation);
    const isInbox = violation.subject === `${this.#inbox}*`;
    if (isInbox) this.#refused = error;
    for (const [id, { reject, subject }] of this.#waiting) {
      if (!isInbox && subject !== violation.subject) continue;
      this.#done(id);
      reject(error);
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
