import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { QueueProfile } from '@penstock/model';
import { KitError } from '../../errors.ts';
import type { Consumption, Lease } from '../port.ts';
import type { AttemptJournal } from './attempt-journal.ts';
import { readDelivery } from './delivery.ts';
import { apiFault } from './faults.ts';
import { FencingEpoch } from './fencing-epoch.ts';
import { type LeaseOwner, NatsLease } from './nats-lease.ts';
import type { RequestLane } from './request-lane.ts';

const PULL_LIFETIME_MS = 30_000;
const HEARTBEAT_MS = 3_000;
/** Two heartbeats and some: then the pulls are forgotten on the server, and waiting longer is waiting forever. */
const LONGEST_SILENCE_MS = 8_000;
const LONGEST_SWEEP_MS = 1_000;
const RENEW_PAUSE_MS = 250;
const ABSENCES_BELIEVED = 2;
const INFO_TIMEOUT_MS = 2_000;
/** Slots are asked for in groups of this share of all: one pull an item costs as much as the item. */
const PULL_SHARE = 1 / 4;
const REQUEST_TIMEOUT = 408;
const HEARTBEAT = 100;

interface ConsumerState {
  readonly delivered: { readonly consumer_seq: number };
}

/**
 * Pulls exactly as much as there are free slots. The client's `consume` asks for more as soon as messages arrive,
 * settled or not, so it cannot keep the bound.
 *
 * Every pull of a generation answers to one inbox. Whatever makes it unsure which pulls the server still knows (a lost
 * connection, silence, a new leader) ends the generation: a new inbox, counted from zero. A message that is sent to an
 * old inbox is given to the next pull by the server.
 */
export class NatsConsumption implements Consumption, LeaseOwner {
  readonly profile: QueueProfile;
  readonly lane: RequestLane;
  readonly journal: AttemptJournal;
  readonly epoch: FencingEpoch;
  readonly closed: Promise<void>;
  readonly #connection: NatsConnection;
  readonly #prefetch: number;
  readonly #pullSize: number;
  readonly #onLease: (lease: Lease) => void;
  readonly #over: () => void;
  readonly #end = Promise.withResolvers<void>();
  /** By item. */
  readonly #held = new Map<string, NatsLease>();
  readonly #recalls = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout;
  readonly #sweepMs: number;
  readonly #pullSubject: string;
  #inbox: { readonly subject: string; readonly subscription: Subscription } | undefined;
  /** Messages that the pulls under way may still bring. */
  #requested = 0;
  /** Leases whose settlement is on its way. */
  #settling = 0;
  /** Items among them that are done with. */
  readonly #ending = new Set<string>();
  #silentMs = 0;
  #pullScheduled = false;
  #renewing = false;
  #connected = true;
  #stopping = false;
  /** Nothing is on its way any more. */
  #stopped = false;

  /** @param over called when it takes nothing more and holds nothing any more */
  constructor(
    connection: NatsConnection,
    lane: RequestLane,
    journal: AttemptJournal,
    profile: QueueProfile,
    { prefetch, onLease }: { readonly prefetch: number; readonly onLease: (lease: Lease) => void },
    over: () => void,
  ) {
    this.#connection = connection;
    this.lane = lane;
    this.journal = journal;
    this.epoch = new FencingEpoch(connection, journal, profile);
    this.profile = profile;
    this.#prefetch = prefetch;
    this.#pullSize = Math.max(1, Math.floor(prefetch * PULL_SHARE));
    this.#onLease = onLease;
    this.#over = over;
    this.#pullSubject = `$JS.API.CONSUMER.MSG.NEXT.${profile.stream}.${profile.consumer}`;
    this.closed = this.#end.promise;
    this.closed.catch(() => {});
    this.#sweepMs = Math.max(10, Math.min(profile.ackWaitMs / 4, LONGEST_SWEEP_MS));
    this.#sweep = setInterval(() => this.#look(), this.#sweepMs);
    this.#sweep.unref();
    void this.#renew(0);
  }

  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      // Draining hands over what the server sent before it heard of it.
      if (this.#connected) await this.#inbox?.subscription.drain().catch(() => {});
      this.#detach();
    }
    await Promise.all(this.#recalls);
    this.epoch.end();
    this.#stopped = true;
    this.#endWhenIdle();
    this.#end.resolve();
  }

  /** @internal The bus is closing: nothing can be settled any more. */
  abandon(): void {
    for (const lease of this.#held.values()) lease.lose();
  }

  /** @internal */
  disconnected(): void {
    this.#connected = false;
    this.#detach();
  }

  /** @internal */
  reconnected(): void {
    this.#connected = true;
    void this.#renew(0);
  }

  /** @internal Whether it cannot go on without this subject. */
  needs(subject: string): boolean {
    return [this.#pullSubject, this.epoch.subject, this.#inbox?.subject].includes(subject);
  }

  /** @internal For good: the connection is gone, or what it needs was refused. */
  failed(error: KitError): void {
    this.#stopping = true;
    this.#detach();
    this.epoch.end();
    this.#stopped = true;
    this.#endWhenIdle();
    this.#end.reject(error);
  }

  /** @internal */
  freed(lease: NatsLease): void {
    this.#held.delete(lease.item);
    this.#endWhenIdle();
    this.#schedulePull();
  }

  /** @internal */
  settling(lease: NatsLease, to: 'queue' | 'end'): void {
    this.#settling++;
    if (to === 'end') this.#ending.add(lease.item);
    this.freed(lease);
  }

  /** @internal */
  settled(lease: NatsLease): void {
    this.#settling--;
    this.#ending.delete(lease.item);
    this.#schedulePull();
  }

  #attach(): void {
    const subject = this.lane.newInbox();
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) void this.#renew();
        else if (message.subject === subject) this.#receiveStatus(message, subject);
        else this.#receiveItem(message, subject);
      },
    });
    this.#inbox = { subject, subscription };
    this.#requested = 0;
    this.#silentMs = 0;
    this.#pull();
  }

  #detach(): void {
    this.#inbox?.subscription.unsubscribe();
    this.#inbox = undefined;
    this.#requested = 0;
  }

  /** Settlements of one turn of the event loop share a pull, which goes out after them. */
  #schedulePull(): void {
    if (this.#pullScheduled) return;
    this.#pullScheduled = true;
    queueMicrotask(() => {
      this.#pullScheduled = false;
      this.#pull();
    });
  }

  #pull(): void {
    // A slot is free as soon as its settlement is sent, but a slow disk must not let those pile up.
    const settling = Math.max(0, this.#settling - this.#prefetch);
    const free = this.#prefetch - this.#held.size - this.#requested - settling;
    if (this.#inbox === undefined || this.#stopping || free <= 0) return;
    // A few free slots can wait for others as long as something else is going to wake this consumption.
    if (this.#requested > 0 && free < this.#pullSize) return;
    const body = `{"batch":${free},"expires":${PULL_LIFETIME_MS}000000,"idle_heartbeat":${HEARTBEAT_MS}000000}`;
    try {
      this.#connection.publish(this.#pullSubject, body, { reply: this.#inbox.subject });
      this.#requested += free;
    } catch {
      // Closed: the bus says so to everybody.
      this.#detach();
    }
  }

  #receiveItem(message: Msg, inbox: string): void {
    const delivery = readDelivery(message);
    this.#silentMs = 0;
    if (inbox === this.#inbox?.subject && this.#requested > 0) this.#requested--;
    if (delivery === undefined || !this.#isNew(delivery.item)) {
      this.#schedulePull();
      return;
    }
    const lease = new NatsLease(this, message, delivery);
    this.#held.set(lease.item, lease);
    if (delivery.deliveries === 1) {
      this.#onLease(lease);
      return;
    }
    const recall = this.#recall(lease).finally(() => this.#recalls.delete(recall));
    this.#recalls.add(recall);
  }

  /** Whether a delivery is to be handed out. What is not is settled by who has it, or comes back after its ack wait. */
  #isNew(item: string): boolean {
    const before = this.#held.get(item);
    if (before?.isExpired) before.lose();
    // A server that crashed may have forgotten a delivery and repeats it.
    else if (before !== undefined || this.#ending.has(item)) return false;
    // Sent to an old inbox and beyond the bound now.
    return this.#held.size < this.#prefetch;
  }

  async #recall(lease: NatsLease): Promise<void> {
    for (;;) {
      try {
        if (await lease.recall()) this.#onLease(lease);
        return;
      } catch (error) {
        const isOver = lease.isExpired || this.#stopping || !KitError.is(error, 'bus-unreachable');
        // Neither handed out nor settled: the server delivers it again.
        if (isOver) return lease.lose();
        await pause(RENEW_PAUSE_MS);
      }
    }
  }

  #receiveStatus(message: Msg, inbox: string): void {
    if (inbox !== this.#inbox?.subject) return;
    this.#silentMs = 0;
    const code = message.headers?.code;
    if (code === HEARTBEAT) return;
    const left = Number(message.headers?.get('Nats-Pending-Messages') || Number.NaN);
    if (code === REQUEST_TIMEOUT && !Number.isNaN(left)) {
      this.#requested = Math.max(0, this.#requested - left);
      this.#pull();
    } else {
      void this.#renew();
    }
  }

  /** Ends the generation and begins the next one once the consumer is known to be there. */
  async #renew(pauseMs = RENEW_PAUSE_MS): Promise<void> {
    if (this.#renewing || this.#stopping) return;
    this.#renewing = true;
    this.#detach();
    let absences = 0;
    for (let wait = pauseMs; this.#inbox === undefined && this.#isWanted; wait = RENEW_PAUSE_MS) {
      if (wait > 0) await pause(wait);
      try {
        await this.epoch.begin(await this.#countDeliveries());
        if (this.#isWanted) this.#attach();
      } catch (error) {
        absences = KitError.is(error, 'queue-missing') ? absences + 1 : 0;
        // A server that has just come back may not know yet what it has.
        if (KitError.is(error, 'bus-refused') || (absences > ABSENCES_BELIEVED && KitError.is(error)))
          this.failed(error);
      }
    }
    this.#renewing = false;
  }

  get #isWanted(): boolean {
    return this.#connected && !this.#stopping;
  }

  /** @throws {KitError} `queue-missing`, `bus-unreachable`, `bus-refused` */
  async #countDeliveries(): Promise<number> {
    const { stream, consumer } = this.profile;
    const subject = `$JS.API.CONSUMER.INFO.${stream}.${consumer}`;
    const info = await this.lane.ask<ConsumerState>(subject, {}, INFO_TIMEOUT_MS);
    if (info.error !== undefined) throw apiFault(info.error, `consumer ${consumer} of stream ${stream}`);
    return info.delivered.consumer_seq;
  }

  #look(): void {
    for (const lease of this.#held.values()) if (lease.isExpired) lease.lose();
    if (this.#requested === 0 || this.#inbox === undefined) return;
    // Counted in looks that ran: what a busy event loop has not read yet is no silence.
    this.#silentMs += this.#sweepMs;
    if (this.#silentMs > LONGEST_SILENCE_MS) void this.#renew();
  }

  /** The sweep is needed for as long as there are leases. */
  #endWhenIdle(): void {
    if (!this.#stopped || this.#held.size > 0) return;
    clearInterval(this.#sweep);
    this.#over();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
