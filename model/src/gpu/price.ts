/** Where a cloud's list prices were read. They move: a price is worth what its date is worth. */
export interface PriceList {
  readonly region: string;
  /** Day of the list, e.g. `2026-07-20`. */
  readonly asOf: `${number}-${number}-${number}`;
  readonly source: string;
}

/** What a machine costs on demand, before any discount. */
export interface ListPrice extends PriceList {
  readonly usdPerHour: number;
}
