import avro from 'avsc';
import { fingerprintOf, jsonOf, type ParsedSchema, readingSchema, type SchemaSource } from '../schema.ts';
import { canonicalAvro } from './canonical.ts';
import { AvroNames, type AvroNode } from './node.ts';

export interface AvroSchema extends ParsedSchema {
  readonly format: 'AVRO';
  readonly node: AvroNode;
}

/** @throws {KitError} `schema-malformed` */
export function parseAvro({ text, imports = {} }: Omit<SchemaSource, 'format'>): AvroSchema {
  return readingSchema('AVRO', () => {
    avroTypeOf({ text, imports });
    const names = new AvroNames();
    const nodes = Object.values(imports).map((held) => names.read(schemaIn(held)));
    const node = names.read(schemaIn(text));
    const canonical = canonicalAvro(node);
    return {
      format: 'AVRO',
      text,
      imports,
      node,
      canonical,
      fingerprint: fingerprintOf('AVRO', canonical, nodes.map(canonicalAvro)),
    };
  });
}

export interface AvroTypeOptions {
  /** How a `long` is held: as a number, refusing what a number cannot hold, or as a bigint. @default 'number' */
  readonly longs?: 'number' | 'bigint';
}

/** The codec library's view of a schema. @throws {Error} where it is not sound */
export function avroTypeOf(
  { text, imports }: { readonly text: string; readonly imports: Readonly<Record<string, string>> },
  { longs = 'number' }: AvroTypeOptions = {},
): avro.Type {
  const registry: Record<string, avro.Type> = longs === 'bigint' ? { long: BIGINT } : {};
  for (const held of Object.values(imports)) avro.Type.forSchema(schemaIn(held), { registry });
  return avro.Type.forSchema(schemaIn(text), { registry });
}

/** JSON, or the bare name of a primitive, which some registries hand out. */
const schemaIn = (text: string): avro.Schema =>
  (/^\s*[A-Za-z]+\s*$/.test(text) ? text.trim() : jsonOf('AVRO', text)) as avro.Schema;

const BIGINT = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)),
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
