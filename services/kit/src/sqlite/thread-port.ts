// What crosses between the event loop and the thread that owns a database file.

/** Operations of one commit; their ids count up from `first`. A reply may come with the batch's or, for one that waits, later. */
export interface Batch<Op> {
  readonly first: number;
  readonly ops: readonly Op[];
}

export type Outcome<Result> =
  | { readonly id: number; readonly ok: true; readonly result: Result }
  | { readonly id: number; readonly ok: false; readonly fault: Fault };

/** A KitError as plain data: errors lose their class when they cross. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly repair: string | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface Reply<Result> {
  /** Ids of operations that were done and have nothing to tell: most of them, so they cross as bare numbers. */
  readonly done: readonly number[];
  readonly outcomes: readonly Outcome<Result>[];
  /** True for the answer to a batch: the next one may be sent. */
  readonly batchDone: boolean;
}
