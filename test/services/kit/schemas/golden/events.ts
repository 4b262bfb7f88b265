// Made from schemas by `penstock schemas generate`, and made again by it: change the schemas instead.

/** An order as it was placed. */
export interface Order {
  readonly id: string;
  /** Price in cents. * / */
  readonly cents: number;
  readonly note: null | string;
  readonly state: State;
  readonly lines: readonly Line[];
  readonly amount: { readonly 'int': number } | { readonly 'double': number };
  readonly hash: Uint8Array;
  readonly tags: Readonly<Record<string, string>>;
}

export type State = 'OPEN' | 'PAID';

export interface Line {
  readonly sku: string;
  readonly parent: null | Line;
}

export interface Parcel {
  readonly id: string;
  readonly weightGrams: string;
  readonly stops: readonly ParcelStop[];
  readonly fees: Readonly<Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>>;
  readonly fragile?: boolean;
  readonly state: ParcelState;
  readonly sentAt?: string;
  readonly label: string;
  readonly street?: string;
  readonly shop?: ParcelStop;
}

export interface ParcelStop {
  readonly place: string;
}

export type ParcelState = 'STATE_UNKNOWN' | 'SENT' | number;

/** What was paid. */
export interface Payment {
  /** Its id. */
  readonly id: string;
  readonly method?: 'card' | 'buyer\'s account';
  readonly amount: Amount;
  readonly parts?: readonly (number | null)[];
  readonly pair?: readonly [string, number?];
  readonly 'odd-name'?: unknown;
}

export interface Amount {
  readonly cents: number;
  readonly of?: Amount;
}

/** The events of each subject. */
export interface Events {
  readonly 'orders-value': Order;
  readonly 'parcels-value': Parcel;
  readonly 'payments-value': Payment;
}
