import type { AssignedPartition, LogRecord } from '../log/port.ts';
import { CommitWindow } from './commit-window.ts';

/** Records that follow each other: those of a key, or of a partition. */
export interface Lane {
  readonly flow: PartitionFlow;
  readonly key: string;
  readonly records: LogRecord[];
  /** Deliveries of the first record that failed by its own fault. */
  failures: number;
  /** Deliveries of the first record that failed, whoever's fault it was. */
  waits: number;
  /** How many of the next ones go alone, because one among them failed. */
  alone: number;
}

/** A partition while it is this member's: its lanes, and what of it is done. */
export class PartitionFlow {
  readonly from: AssignedPartition;
  readonly window = new CommitWindow();
  readonly lanes = new Map<string, Lane>();
  /** Taken from a retry topic before their time. */
  early: LogRecord[] = [];
  due: NodeJS.Timeout | undefined;
  isPaused = false;
  /** Nothing new of it is begun. */
  isEnding = false;
  atWork = 0;
  committed: number | undefined;
  committing: Promise<void> = Promise.resolve();
  /** Told whenever nothing is at work. */
  #rested: (() => void)[] = [];

  constructor(from: AssignedPartition) {
    this.from = from;
  }

  get isOver(): boolean {
    return this.isEnding || this.from.signal.aborted;
  }

  /** @returns a lane that was not there */
  add(record: LogRecord, key: string): Lane | undefined {
    this.window.take(record.offset);
    const lane = this.lanes.get(key);
    if (lane !== undefined) {
      lane.records.push(record);
      return undefined;
    }
    const begun: Lane = { flow: this, key, records: [record], failures: 0, waits: 0, alone: 0 };
    this.lanes.set(key, begun);
    return begun;
  }

  begin(): void {
    this.atWork += 1;
  }

  end(): void {
    this.atWork -= 1;
    if (this.atWork > 0) return;
    for (const tell of this.#rested.splice(0)) tell();
  }

  /** Resolves when nothing of it is at work. */
  async rest(): Promise<void> {
    if (this.atWork === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#rested.push(resolve);
    await promise;
  }
}
