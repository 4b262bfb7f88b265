import type { OutgoingItem, PublishReceipt } from '../../../../../services/kit/src/bus/port.ts';
import { KitError } from '../../../../../services/kit/src/errors.ts';
import type { Chance } from './chance.ts';
import type { Timeline } from './timeline.ts';

export interface Delivery {
  readonly payload: Uint8Array;
  readonly token: number;
  extend(): void;
  ack(): void;
}

interface Item {
  readonly payload: Uint8Array;
  token: number;
  isAcked: boolean;
  leaseUntil: number;
}

/** A bus at its worst within what it promises: late, twice, out of order, and with answers that get lost. */
export class SimulatedBus {
  static readonly ackWaitMs = 10_000;
  published = 0;
  readonly #line: Timeline;
  readonly #chance: Chance;
  readonly #faults: () => number;
  readonly #deliver: (delivery: Delivery) => void;

  constructor(line: Timeline, chance: Chance, faults: () => number, deliver: (delivery: Delivery) => void) {
    this.#line = line;
    this.#chance = chance;
    this.#faults = faults;
    this.#deliver = deliver;
  }

  async publish({ payload, idempotencyKey }: OutgoingItem): Promise<PublishReceipt> {
    this.published += 1;
    const faults = this.#faults();
    const chance = this.#chance;
    if (chance.is(faults * 0.1)) throw new KitError('bus-refused', 'said no');
    if (chance.is(faults * 0.1)) throw new KitError('bus-unreachable', 'did not arrive');
    const copies = chance.is(faults * 0.2) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.#accept({ payload, token: 0, isAcked: false, leaseUntil: 0 });
    if (chance.is(faults * 0.1)) throw new KitError('bus-unreachable', 'arrived, but who knows');
    return { id: idempotencyKey, duplicate: false };
  }

  #accept(item: Item): void {
    const isSlow = this.#chance.is(this.#faults() * 0.3);
    this.#line.after(this.#chance.between(1, isSlow ? 60_000 : 50), () => this.#hand(item));
  }

  #hand(item: Item): void {
    if (item.isAcked) return;
    item.token += 1;
    const { token } = item;
    item.leaseUntil = this.#line.now + SimulatedBus.ackWaitMs;
    this.#watch(item, token);
    this.#deliver({
      payload: item.payload,
      token,
      extend: () => {
        if (item.token === token) item.leaseUntil = this.#line.now + SimulatedBus.ackWaitMs;
      },
      ack: () => {
        if (item.token === token && !this.#chance.is(this.#faults() * 0.2)) item.isAcked = true;
      },
    });
  }

  #watch(item: Item, token: number): void {
    this.#line.at(item.leaseUntil, () => {
      if (item.isAcked || item.token !== token) return;
      if (item.leaseUntil > this.#line.now) this.#watch(item, token);
      else this.#hand(item);
    });
  }
}
