import type { AssignedPartition, Log, LogRecord } from '../log/port.ts';
import { type GivenUp, givenUpOf, originOf, redrivenRecord } from './given-up.ts';
import { paced } from './replay.ts';

export interface DeadRecord extends GivenUp {
  readonly record: LogRecord;
}

/**
 * What lies in a topic of dead letters, oldest first of each partition, those that were redriven among them.
 *
 * @param limit of each partition
 * @throws {KitError} `topic-missing`
 */
export async function readDeadRecords(log: Log, topic: string, limit: number): Promise<readonly DeadRecord[]> {
  const bounds = await log.bounds(topic);
  const slices = await Promise.all(bounds.map(({ partition, first }) => log.read(topic, partition, first, { limit })));
  return slices.flatMap(({ records }) => records.map((record) => ({ record, ...givenUpOf(record) })));
}

export interface RedriveOptions {
  readonly log: Log;
  readonly deadLetters: string;
  /** Where they go, e.g. the first retry topic of their consumer. @default - where each came from: all groups of that topic see it again */
  readonly to?: string;
  /** Which of them; the others stay as they are, and a later redrive does not see them again. @default - all */
  readonly matches?: (letter: DeadRecord) => boolean;
  /** Records a second at most. @default 100 */
  readonly perSecond?: number;
  readonly signal?: AbortSignal;
}

const PER_SECOND = 100;
const LOOKS_WITHOUT_RECORDS = 3;
const BATCH = 100;

/**
 * Gives dead letters back, each at least once. It goes on behind what an earlier redrive of the topic has seen; records
 * stay in the topic until its retention.
 *
 * @returns how many went
 * @throws {KitError} `topic-missing`; as `Log.produce`
 */
export async function redriveRecords(options: RedriveOptions): Promise<number> {
  const { log, deadLetters, to, matches = () => true, perSecond = PER_SECOND, signal } = options;
  const ends = new Map((await log.bounds(deadLetters)).map(({ partition, end }) => [partition, end]));
  const group = `${deadLetters}.redrive`;
  await using consumer = await log.join({ group, topics: [deadLetters], startAt: 'earliest' });
  let sent = 0;
  const send = async (from: AssignedPartition, records: readonly LogRecord[]): Promise<void> => {
    // What was given up since the beginning is for the next redrive.
    const own = records.filter(({ offset }) => offset < (ends.get(from.partition) ?? 0));
    const chosen = own.filter((record) => matches({ record, ...givenUpOf(record) }));
    await paced(
      log,
      chosen.map((record) => redrivenRecord(record, to ?? originOf(record).topic)),
      perSecond,
      signal,
    );
    // Broken off in the middle: what was not sent is for the next redrive.
    if (signal?.aborted === true) return;
    sent += chosen.length;
    const last = own.at(-1);
    if (last !== undefined) await consumer.commit(from, last.offset + 1);
    if (own.length < records.length) consumer.pause([from]);
  };
  for (let looks = 0; looks < LOOKS_WITHOUT_RECORDS && signal?.aborted !== true; ) {
    const batches = await consumer.poll({ limit: BATCH, ...(signal === undefined ? {} : { signal }) });
    for (const { from, records } of batches) await send(from, records);
    if (batches.length > 0) looks = 0;
    // Until it has its partitions there is nothing to see.
    else if (consumer.assigned.length > 0) looks += 1;
  }
  return sent;
}
