import { KitError } from '../errors.ts';

const MAGIC = 0;
const HEADER_BYTES = 5;
const LARGEST_ID = 0x7fff_ffff;

/** A payload with the id of its schema in front: a zero byte, then the id as a big-endian int32. */
export function frame(schemaId: number, payload: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  framed.writeUInt8(MAGIC, 0);
  framed.writeInt32BE(schemaId, 1);
  framed.set(payload, HEADER_BYTES);
  return framed;
}

/** @throws {KitError} `event-malformed` for what nobody framed */
export function unframe(framed: Uint8Array): { readonly schemaId: number; readonly payload: Uint8Array } {
  const bytes = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  const repair = 'the producer has to write by a registry; what it writes otherwise, read without one';
  if (bytes.length < HEADER_BYTES || bytes[0] !== MAGIC) {
    const start = bytes.subarray(0, HEADER_BYTES).toString('hex');
    throw new KitError(
      'event-malformed',
      `received ${bytes.length} bytes that begin with 0x${start}, expected 0x00 and the id of a schema`,
      { repair },
    );
  }
  const schemaId = bytes.readUInt32BE(1);
  if (schemaId > LARGEST_ID) throw new KitError('event-malformed', `${schemaId} is no id of a schema`, { repair });
  return { schemaId, payload: bytes.subarray(HEADER_BYTES) };
}
