// The log in the language of topics: facts that are kept, and read by many. A service knows this file and no broker; a
// driver knows this file and no service. What each driver promises beyond it stands in its `guarantees`.

/** A connection to one log. Opening it does not create anything: infrastructure does. */
export interface Log extends AsyncDisposable {
  readonly guarantees: LogGuarantees;
  /**
   * Resolves when all of them are as durable as the driver states. Those of one partition lie in the order given. When
   * it fails, any of them may be there: producing them again, in the same order, is right for whoever knows their ids.
   *
   * @returns where each lies, in the order given
   * @throws {KitError} `topic-missing`, `record-malformed`, `item-too-large`, `storage-full`, `bus-unreachable`, `bus-refused`
   */
  produce(records: readonly OutgoingRecord[]): Promise<readonly RecordPlace[]>;
  /** Takes part in a group: its members share the partitions of the topics. @throws {KitError} `topic-missing` */
  join(options: JoinOptions): Promise<LogConsumer>;
  /**
   * Reads one partition by place, without a group.
   *
   * @throws {KitError} `topic-missing`; `offset-gone` when retention has taken what lay there
   */
  read(topic: string, partition: number, from: number, options?: ReadOptions): Promise<LogSlice>;
  /**
   * Begins to write in transactions under an id, and fences off all who did before: what they have open is undone.
   *
   * @param id the same for every life of the process that reads what it writes by, e.g. the name of its pod
   * @throws {KitError} `bus-unreachable`, `bus-refused`
   */
  transact(id: string): Promise<Transactions>;
  /** What each partition holds. @throws {KitError} `topic-missing` */
  bounds(topic: string): Promise<readonly PartitionBounds[]>;
  /** Where a group is. @throws {KitError} `topic-missing` */
  lag(group: string, topic: string): Promise<readonly PartitionLag[]>;
  /** Settles what is under way and closes, consumers too. */
  close(): Promise<void>;
}

/** The infrastructure's part, played by `penstock up` and by tests. Idempotent. */
export interface LogAdmin extends AsyncDisposable {
  /** @throws {KitError} `topic-mismatch` when it is there with more partitions */
  provision(topic: TopicOptions): Promise<void>;
  /**
   * Where a group goes on reading, while it has no members.
   *
   * @throws {KitError} `group-busy`, `topic-missing`
   */
  reposition(group: string, positions: readonly Position[]): Promise<void>;
  close(): Promise<void>;
}

export interface TopicOptions {
  readonly name: string;
  readonly partitions: number;
  /** Milliseconds that a record is kept; undefined: for ever. @default - for ever */
  readonly retentionMs?: number;
  /** Of each key only the newest record is sure to be kept, and none of one whose newest has no value. @default false */
  readonly compacted?: boolean;
}

/** A name and bytes: of one name there may be several. */
export type RecordHeader = readonly [name: string, value: Uint8Array];

export interface OutgoingRecord {
  readonly topic: string;
  /** Records of one key are in one partition, in their order. @default - any partition */
  readonly key?: string;
  /** @default - by the key, with the hash that all clients of Kafka use */
  readonly partition?: number;
  /** Null says that there is nothing any more under this key: a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
}

export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface LogRecord extends RecordPlace {
  readonly key: string | undefined;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface ReadOptions {
  /** Records at most. @default 500 */
  readonly limit?: number;
  /** Milliseconds to wait for the first one. @default 0 */
  readonly waitMs?: number;
}

export interface LogSlice {
  readonly records: readonly LogRecord[];
  /** Where to read on. Beyond the last record where the log has nothing to show, e.g. what was compacted. */
  readonly next: number;
}

export interface JoinOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where the group begins in a partition that it has committed nothing of. */
  readonly startAt: 'earliest' | 'latest';
  /** Silence after which others get the partitions, in milliseconds. @default 10000 */
  readonly sessionMs?: number;
  /**
   * The same for every life of this member, e.g. the name of its pod. One that comes back within the session has its
   * partitions again and nothing is shared anew; a close keeps the place for so long. Of two that are there at once the
   * later one stays. @default - a new one each time
   */
  readonly member?: string;
  /**
   * Called when partitions are about to go to another member: finish and commit what is under way. They go when it
   * resolves, at the latest when the session is over. A driver that cannot wait says so. @default - they go at once
   */
  readonly revoking?: (partitions: readonly AssignedPartition[]) => Promise<void>;
}

/** A partition for as long as it is this member's. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Greater than that of every member that had it before: an inbox refuses a smaller one. */
  readonly epoch: number;
  /** Aborts when it is known to be somebody else's. */
  readonly signal: AbortSignal;
}

/** Records of one partition, in their order. */
export interface PolledBatch {
  readonly from: AssignedPartition;
  readonly records: readonly LogRecord[];
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Of the next record to read. */
  readonly offset: number;
}

/** A member of a group. One poll at a time. */
export interface LogConsumer extends AsyncDisposable {
  readonly assigned: readonly AssignedPartition[];
  /**
   * Takes on from where the last poll ended, or from what was committed when the partition came here.
   *
   * @returns nothing when the time was over or the signal aborted
   * @throws {KitError} `topic-missing`, `bus-refused`, `bus-closed`; `offset-gone` when retention has taken what was not read
   */
  poll(options?: PollOptions): Promise<readonly PolledBatch[]>;
  /**
   * Says what is done: everything before the offset. Resolves when that is as durable as a produced record.
   *
   * @throws {KitError} `partition-lost`: the partition is, or was meanwhile, somebody else's
   */
  commit(from: AssignedPartition, offset: number): Promise<void>;
  /** Polls nothing of these until `resume`; the partitions stay here. */
  pause(partitions: readonly AssignedPartition[]): void;
  resume(partitions: readonly AssignedPartition[]): void;
  /** Gives the partitions to others at once. */
  close(): Promise<void>;
}

/** How far a member is in one of its partitions. */
export interface DonePosition {
  readonly consumer: LogConsumer;
  readonly from: AssignedPartition;
  /** Of the next record to read: everything before it is done. */
  readonly offset: number;
}

export interface Exchange {
  readonly records: readonly OutgoingRecord[];
  readonly done: readonly DonePosition[];
}

/** Read, process, write: what was read is done when what came of it is written, and neither without the other. */
export interface Transactions extends AsyncDisposable {
  /**
   * One transaction. When its outcome is unknown it is found out by what is committed, so a call that fails has done
   * nothing; except where `done` is empty, or where nobody answers for a minute.
   *
   * @returns where each record lies; an offset is -1 where the answer that would say it was lost
   * @throws {KitError} `producer-fenced`: another process writes under this id; `partition-lost`; as `Log.produce`
   */
  exchange(exchange: Exchange): Promise<readonly RecordPlace[]>;
  close(): Promise<void>;
}

export interface PollOptions {
  /** Records at most. @default 500 */
  readonly limit?: number;
  /** Milliseconds. @default 1000 */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface PartitionBounds {
  readonly partition: number;
  /** Offset of the oldest record, or where it would be. */
  readonly first: number;
  /** Offset that the next record gets. */
  readonly end: number;
}

export interface PartitionLag extends PartitionBounds {
  /** Undefined where the group has committed nothing. */
  readonly committed: number | undefined;
  /** Records that the group has not committed. */
  readonly lag: number;
}

/** What a driver promises, in words a user can hold it to. The conformance suite has a test for each entry. */
export interface LogGuarantees {
  readonly driver: 'sqlite' | 'kafka';
  /** What a resolved produce or commit survives. */
  readonly durability: string;
  readonly order: string;
  readonly duplicates: string;
  readonly rebalance: string;
  readonly losesWhen: string;
}
