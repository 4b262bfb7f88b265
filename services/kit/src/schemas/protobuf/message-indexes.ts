import { KitError } from '../../errors.ts';

/** Deeper than anybody nests messages. */
const MOST_INDEXES = 100;

/**
 * Which message of a file was written, as the wire format of Confluent holds it: how many steps, then each, as zigzag
 * varints; the first message of the file, which is the usual one, as a lone zero.
 */
export function writeMessageIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0);
  return Uint8Array.from([indexes.length, ...indexes].flatMap((value) => varint(value * 2)));
}

/** @throws {KitError} `event-malformed` */
export function readMessageIndexes(payload: Uint8Array): {
  readonly indexes: readonly number[];
  readonly rest: Uint8Array;
} {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = payload[at++];
      if (byte === undefined) throw new KitError('event-malformed', 'the message indexes are cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new KitError('event-malformed', 'a message index has no end');
  };
  const count = next();
  if (count < 0 || count > MOST_INDEXES) throw new KitError('event-malformed', `received ${count} message indexes`);
  const indexes = count === 0 ? [0] : Array.from({ length: count }, next);
  return { indexes, rest: payload.subarray(at) };
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
