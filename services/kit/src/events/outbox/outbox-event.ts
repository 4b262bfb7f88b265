/** An event that a service tells others, in the terms of Debezium's outbox event router. */
export interface OutboxEvent {
  /** Unique: readers know by it what they have seen. A UUID where several services write. */
  readonly id: string;
  /** What kind of thing it tells of: names the topic. */
  readonly aggregateType: string;
  /** Which one: events of one aggregate arrive in the order of their commits. */
  readonly aggregateId: string;
  /** What happened, e.g. `OrderPlaced`. */
  readonly type: string;
  /** Null says that there is nothing any more under this id. */
  readonly payload: Uint8Array | null;
  /** Names are lower case. `traceparent` travels here. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event as it lies in the outbox. */
export interface WaitingEvent extends OutboxEvent {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
