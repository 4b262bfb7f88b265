import { z } from 'zod';
import type { LogRecord, OutgoingRecord, RecordHeader, RecordPlace } from '../log/port.ts';
import { headerOf, headersOf } from '../log/record-headers.ts';

// What a consumer puts into a topic of its own, to try it again or for good, carries where it came from and what became
// of it. The headers of the record itself stay as they were.

const ORIGIN = 'penstock-origin';
const HISTORY = 'penstock-history';
/** What was tried at first and at last says most; between them some may be left out. */
const LONGEST_HISTORY = 20;
const LONGEST_REASON = 1_000;

/** One delivery that failed. */
export interface FailedAttempt {
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly error: string;
}

/** Of a record in a retry topic or among the dead letters. */
export interface GivenUp {
  readonly origin: RecordPlace;
  readonly history: readonly FailedAttempt[];
}

const originShape = z.object({ topic: z.string(), partition: z.number(), offset: z.number() });
const historyShape = z.array(z.object({ attempt: z.number(), at: z.number(), error: z.string() }));

const placeOf = ({ topic, partition, offset }: RecordPlace): RecordPlace => ({ topic, partition, offset });

/** Where a record came from at first, and what became of it. What is not ours under these names is not believed. */
export function givenUpOf(record: LogRecord): GivenUp {
  const origin = read(originShape, headerOf(record, ORIGIN));
  if (origin === undefined) return { origin: placeOf(record), history: [] };
  return { origin, history: read(historyShape, headerOf(record, HISTORY)) ?? [] };
}

function read<Shape>(shape: z.ZodType<Shape>, text: string | undefined): Shape | undefined {
  if (text === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The same for every delivery of a record, also of one that came through a retry topic. */
export const originOf = (record: LogRecord): RecordPlace =>
  record.headers.some(([name]) => name === ORIGIN) ? givenUpOf(record).origin : placeOf(record);

/** A record on its way to another topic. */
export function givenUpRecord(record: LogRecord, topic: string, failure: FailedAttempt): OutgoingRecord {
  const { origin, history } = givenUpOf(record);
  const all = [...history, { ...failure, error: failure.error.slice(0, LONGEST_REASON) }];
  const kept = all.length <= LONGEST_HISTORY ? all : [...all.slice(0, 1), ...all.slice(1 - LONGEST_HISTORY)];
  return outgoing(record, topic, { [ORIGIN]: JSON.stringify(origin), [HISTORY]: JSON.stringify(kept) });
}

/** A record on its way back: it knows where it came from, and begins anew. */
export const redrivenRecord = (record: LogRecord, topic: string): OutgoingRecord =>
  outgoing(record, topic, { [ORIGIN]: JSON.stringify(originOf(record)) });

function outgoing(record: LogRecord, topic: string, own: Readonly<Record<string, string>>): OutgoingRecord {
  const { key, value } = record;
  const kept: RecordHeader[] = record.headers.filter(([name]) => name !== ORIGIN && name !== HISTORY);
  // A tombstone without a key names nothing: it goes as a record without content.
  return {
    topic,
    ...(key === undefined ? {} : { key }),
    value: key === undefined ? (value ?? new Uint8Array()) : value,
    headers: [...kept, ...headersOf(own)],
  };
}
