import type { QueueProfile } from '@penstock/model';
import { nextGeneration } from './fencing-token.ts';
import { encodeItem, type Item } from './item-message.ts';
import type { RabbitmqNames } from './names.ts';
import type { PublishLane } from './publish-lane.ts';

/** Where items are put: to be taken, to wait, or with the dead. */
export class ItemStore {
  readonly #lane: PublishLane;
  readonly #names: RabbitmqNames;
  readonly #profile: QueueProfile;

  constructor(lane: PublishLane, names: RabbitmqNames, profile: QueueProfile) {
    this.#lane = lane;
    this.#names = names;
    this.#profile = profile;
  }

  add(item: Item): Promise<void> {
    return this.#lane.send(this.#names.items, encodeItem(item, this.#leftMs(item)));
  }

  /** Once more, as another generation of the item. @param tries as `nextGeneration` takes them */
  retry(item: Item, delayMs: number, tries = 0): Promise<void> {
    const next = { ...item, ...nextGeneration(item, tries), dueAt: delayMs > 0 ? Date.now() + delayMs : 0 };
    if (delayMs <= 0) return this.add(next);
    const { delays } = this.#names;
    const delay = delays.find(({ longestMs }) => longestMs >= delayMs) ?? delays.at(-1);
    if (delay === undefined) return this.add(next);
    // A longer wait than any is waited for by turns: whoever gets it early puts it back.
    return this.#lane.send(delay.queue, encodeItem(next, Math.min(delayMs, delay.longestMs)));
  }

  bury(item: Item): Promise<void> {
    return this.#lane.send(this.#names.dead, encodeItem({ ...item, dueAt: Date.now() }, undefined));
  }

  #leftMs({ publishedAt }: Item): number {
    return publishedAt + this.#profile.retentionMs - Date.now();
  }
}
