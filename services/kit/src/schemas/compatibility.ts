import { avroIncompatibilities } from './avro/compatibility.ts';
import type { AvroSchema } from './avro/parse.ts';
import { parseAvro } from './avro/parse.ts';
import type { Incompatibility } from './incompatibility.ts';
import { jsonIncompatibilities } from './json/compatibility.ts';
import { type JsonSchema, parseJsonSchema } from './json/parse.ts';
import { protobufIncompatibilities } from './protobuf/compatibility.ts';
import { type ProtobufSchema, parseProtobuf } from './protobuf/parse.ts';
import type { SchemaSource } from './schema.ts';

export type Schema = AvroSchema | JsonSchema | ProtobufSchema;

/** Reads a schema of any format. @throws {KitError} `schema-malformed` */
export function parseSchema(source: SchemaSource): Schema {
  if (source.format === 'AVRO') return parseAvro(source);
  return source.format === 'JSON' ? parseJsonSchema(source) : parseProtobuf(source);
}

/** Why a reader cannot read all that a writer may have written, for one pair; empty where it can. */
export function incompatibilities(reader: Schema, writer: Schema): readonly Incompatibility[] {
  if (reader.format === 'AVRO' && writer.format === 'AVRO') return avroIncompatibilities(reader.node, writer.node);
  if (reader.format === 'JSON' && writer.format === 'JSON') return jsonIncompatibilities(reader, writer);
  if (reader.format === 'PROTOBUF' && writer.format === 'PROTOBUF') return protobufIncompatibilities(reader, writer);
  return [
    {
      path: '',
      rule: 'format-changed',
      message: `reads ${reader.format}, but ${writer.format} was written`,
      repair: 'keep the format; another one is another subject',
    },
  ];
}

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/**
 * What a subject promises. `BACKWARD`: the new schema reads what the last one wrote, so consumers are upgraded first;
 * `FORWARD`: the last one reads what the new one writes, so producers are; `FULL`: both. `_TRANSITIVE`: and so with
 * every version before.
 */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

/** A version that is there already. */
export interface RegisteredVersion {
  readonly version: number;
  readonly schema: Schema;
}

/** What breaks the promise, and between whom. */
export interface CompatibilityFault extends Incompatibility {
  /** The version that the new schema was held against. */
  readonly version: number;
  /** `BACKWARD`: the new one cannot read the old; `FORWARD`: the old one cannot read the new. */
  readonly direction: 'BACKWARD' | 'FORWARD';
}

/**
 * Holds a new schema against the versions before it. Pure: the same arguments have the same answer.
 *
 * @param versions oldest first
 */
export function checkCompatibility(
  level: CompatibilityLevel,
  schema: Schema,
  versions: readonly RegisteredVersion[],
): readonly CompatibilityFault[] {
  if (level === 'NONE') return [];
  const isBackward = !level.startsWith('FORWARD');
  const isForward = !level.startsWith('BACKWARD');
  return (level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1)).flatMap(({ version, schema: old }) => [
    ...(isBackward
      ? incompatibilities(schema, old).map((fault) => ({ ...fault, version, direction: 'BACKWARD' as const }))
      : []),
    ...(isForward
      ? incompatibilities(old, schema).map((fault) => ({ ...fault, version, direction: 'FORWARD' as const }))
      : []),
  ]);
}
