import type avro from 'avsc';
import { KitError } from '../../errors.ts';
import type { SchemaCodec } from '../codec.ts';
import { type AvroSchema, type AvroTypeOptions, avroTypeOf } from './parse.ts';

export type AvroCodecOptions = AvroTypeOptions;

/** Enough to find the mistake, few enough to read. */
const MOST_SHOWN = 5;

export function avroCodec(schema: AvroSchema, options: AvroCodecOptions): SchemaCodec {
  const type = avroTypeOf(schema, options);
  const resolvers = new WeakMap<AvroSchema, avro.Resolver>();
  const resolverFor = (writer: AvroSchema): avro.Resolver => {
    const known = resolvers.get(writer);
    if (known !== undefined) return known;
    try {
      const made = type.createResolver(avroTypeOf(writer, options));
      resolvers.set(writer, made);
      return made;
    } catch (cause) {
      throw new KitError('schema-incompatible', `cannot be read by this schema: ${(cause as Error).message}`, {
        cause,
      });
    }
  };
  return {
    schema,
    encode(value) {
      const faults: string[] = [];
      type.isValid(value, {
        errorHook: (path: readonly string[], received: unknown, expected: avro.Type) => {
          faults.push(`/${path.join('/')}: received ${shown(received)}, expected ${nameOf(expected)}`);
        },
      });
      if (faults.length > 0) throw new KitError('event-malformed', faults.slice(0, MOST_SHOWN).join('; '));
      return type.toBuffer(value);
    },
    decode(payload, writer = schema) {
      if (writer.format !== 'AVRO')
        throw new KitError('schema-incompatible', `written by ${writer.format}, read by AVRO`);
      const resolver = writer === schema ? undefined : resolverFor(writer);
      try {
        return type.fromBuffer(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), resolver);
      } catch (cause) {
        throw new KitError('event-malformed', `not written by the schema it names: ${(cause as Error).message}`, {
          cause,
        });
      }
    },
  };
}

const nameOf = (type: avro.Type): string => type.name ?? JSON.stringify(type.schema());

const shown = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value)).slice(0, 80);
