import { type Sharer, Stride } from './stride.ts';

/** How soon work is wanted beside that of others. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Shares of the classes while all have work: 8, 3 and 1 of 12. No class starves. */
export const PRIORITY_WEIGHTS: Readonly<Record<Priority, number>> = { high: 8, normal: 3, low: 1 };

/** Work that has a place in the order. */
export interface Ordered {
  readonly tenant: string;
  readonly priority: Priority;
  /** Tokens of its own: what its tenant is charged when it is served. At least 1. */
  readonly tokens: number;
  /** On the scheduler's clock, in milliseconds. */
  readonly deadlineAt: number;
}

interface Tenant<Item> extends Sharer {
  /** By deadline; equal ones as they came. */
  readonly items: Item[];
}

interface PriorityClass<Item> extends Sharer {
  readonly tenants: Stride<Tenant<Item>>;
}

export interface FairOrderOptions {
  /** Weight of a tenant against the others of its class; above 0. @default - 1 each */
  readonly weightOf?: (tenant: string) => number;
}

/** Who is served next: classes share by their weights, tenants of a class by theirs, one's own work goes by deadline. */
export class FairOrder<Item extends Ordered> {
  readonly #classes = new Stride<PriorityClass<Item>>();
  readonly #weightOf: (tenant: string) => number;
  #size = 0;
  #tokens = 0;

  constructor({ weightOf = () => 1 }: FairOrderOptions = {}) {
    this.#weightOf = weightOf;
    for (const name of PRIORITIES) {
      this.#classes.add({ name, weight: PRIORITY_WEIGHTS[name], waiting: 0, pass: 0, tenants: new Stride() });
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Of all that waits. */
  get tokens(): number {
    return this.#tokens;
  }

  add(item: Item): void {
    const [priorityClass, tenant] = this.#placeOf(item);
    this.#classes.wake(priorityClass);
    priorityClass.tenants.wake(tenant);
    tenant.items.splice(placeOf(tenant.items, item.deadlineAt), 0, item);
    this.#count(priorityClass, tenant, 1, item.tokens);
  }

  /** False when it is not there any more. */
  remove(item: Item): boolean {
    const [priorityClass, tenant] = this.#placeOf(item);
    const at = tenant.items.indexOf(item);
    if (at === -1) return false;
    tenant.items.splice(at, 1);
    this.#count(priorityClass, tenant, -1, -item.tokens);
    return true;
  }

  /** Whose turn it is. It stays where it is until it is served or removed. */
  next(): Item | undefined {
    return this.#classes.next()?.tenants.next()?.items[0];
  }

  /** Takes it out and charges it to its tenant and class, out of turn or not. False when it is not there any more. */
  serve(item: Item): boolean {
    const [priorityClass, tenant] = this.#placeOf(item);
    if (!tenant.items.includes(item)) return false;
    this.#classes.charge(priorityClass, item.tokens);
    priorityClass.tenants.charge(tenant, item.tokens);
    return this.remove(item);
  }

  /** All that is due by then. */
  *due(by: number): Iterable<Item> {
    for (const { tenants } of this.#classes) {
      for (const { items } of tenants) {
        const later = items.findIndex(({ deadlineAt }) => deadlineAt > by);
        yield* later === -1 ? items.slice() : items.slice(0, later);
      }
    }
  }

  /** All that waits, in no order that means anything. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const { tenants } of this.#classes) for (const { items } of tenants) yield* items;
  }

  /**
   * Tokens computed until this one is done that is not added yet: its own and those of its tenant that are due before
   * it, stretched by the share that its tenant has beside those who wait now; at most all that waits, and its own.
   */
  tokensUntil(item: Ordered): number {
    const [, tenant] = this.#placeOf(item);
    let due = item.tokens;
    for (const other of tenant.items) {
      if (other.deadlineAt > item.deadlineAt) break;
      due += other.tokens;
    }
    return Math.min(this.#tokens + item.tokens, due / this.#shareOf(item));
  }

  /** What its tenant has waiting that is due after it, each with the tokens until it is done as things are. */
  *delayedBy(item: Ordered): Iterable<{ readonly deadlineAt: number; readonly tokens: number }> {
    const [, tenant] = this.#placeOf(item);
    const share = this.#shareOf(item);
    let due = 0;
    for (const { tokens, deadlineAt } of tenant.items) {
      due += tokens;
      if (deadlineAt > item.deadlineAt) yield { deadlineAt, tokens: Math.min(this.#tokens, due / share) };
    }
  }

  /** What its tenant has of everything, beside those who wait now. */
  #shareOf(item: Ordered): number {
    const [priorityClass, tenant] = this.#placeOf(item);
    return this.#classes.shareOf(priorityClass) * priorityClass.tenants.shareOf(tenant);
  }

  #placeOf({ priority, tenant: name }: Ordered): readonly [PriorityClass<Item>, Tenant<Item>] {
    const priorityClass = this.#classes.get(priority) as PriorityClass<Item>;
    let tenant = priorityClass.tenants.get(name);
    if (tenant === undefined) {
      tenant = { name, weight: this.#weightOf(name), waiting: 0, pass: 0, items: [] };
      priorityClass.tenants.add(tenant);
    }
    return [priorityClass, tenant];
  }

  #count(priorityClass: PriorityClass<Item>, tenant: Tenant<Item>, items: number, tokens: number): void {
    priorityClass.waiting += items;
    tenant.waiting += items;
    this.#size += items;
    this.#tokens += tokens;
  }
}

/** Behind all that are due no later. */
function placeOf(items: readonly Ordered[], deadlineAt: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as Ordered).deadlineAt <= deadlineAt) low = middle + 1;
    else high = middle;
  }
  return low;
}
