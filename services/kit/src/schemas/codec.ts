import { type AvroCodecOptions, avroCodec } from './avro/codec.ts';
import type { Schema } from './compatibility.ts';
import { jsonCodec } from './json/codec.ts';
import { type ProtobufCodecOptions, protobufCodec } from './protobuf/codec.ts';

/** Writes values by one schema, and reads what was written by it or by another one that it can read. */
export interface SchemaCodec {
  readonly schema: Schema;
  /**
   * What stands after the id of the schema in the wire format: for Protobuf with the indexes of the message in front.
   *
   * @throws {KitError} `event-malformed` for a value that the schema does not allow, with its path
   */
  encode(value: unknown): Uint8Array;
  /**
   * @param writer schema that it was written by @default - this codec's own
   * @throws {KitError} `event-malformed` for bytes that are not of the writer's schema; `schema-incompatible` where this
   * schema cannot read the writer's
   */
  decode(payload: Uint8Array, writer?: Schema): unknown;
}

export interface CodecOptions extends AvroCodecOptions, ProtobufCodecOptions {}

/**
 * Values are: of Avro what its JSON would be, with bytes as `Buffer`; of JSON Schema JSON; of Protobuf its JSON form, in
 * which a 64-bit integer is a string, bytes are base64 and an enum is a name.
 *
 * @throws {KitError} `schema-malformed` for a message that the schema does not have
 */
export function codecOf(schema: Schema, options: CodecOptions = {}): SchemaCodec {
  if (schema.format === 'AVRO') return avroCodec(schema, options);
  return schema.format === 'JSON' ? jsonCodec(schema) : protobufCodec(schema, options);
}
