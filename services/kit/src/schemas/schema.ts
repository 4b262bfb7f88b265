import { createHash } from 'node:crypto';
import { KitError } from '../errors.ts';

/** As a registry spells it. */
export type SchemaFormat = 'AVRO' | 'JSON' | 'PROTOBUF';

export const SCHEMA_FORMATS: readonly SchemaFormat[] = ['AVRO', 'JSON', 'PROTOBUF'];

/** Another schema that this one uses, by the name it uses it by, and where a registry keeps it. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** What a schema is made of. */
export interface SchemaSource {
  readonly format: SchemaFormat;
  readonly text: string;
  /**
   * Texts of the schemas it uses, directly or not, by the names they are used by; what another needs stands before it.
   *
   * @default {}
   */
  readonly imports?: Readonly<Record<string, string>>;
}

/** A schema that was read and found sound. */
export interface ParsedSchema {
  readonly format: SchemaFormat;
  readonly text: string;
  readonly imports: Readonly<Record<string, string>>;
  /** The same text for schemas that differ in layout, order of attributes or spelling of names only. */
  readonly canonical: string;
  /** SHA-256 of format, canonical text and imports, in hex: equal schemas have one. */
  readonly fingerprint: string;
}

/** The identity of a schema: everything that changes what it says, and nothing else. */
export function fingerprintOf(format: SchemaFormat, canonical: string, imports: readonly string[]): string {
  const hash = createHash('sha256').update(format);
  for (const text of [canonical, ...imports]) hash.update(`\0${text}`);
  return hash.digest('hex');
}

/** @throws {KitError} `schema-malformed`, whatever `read` throws */
export function readingSchema<T>(format: SchemaFormat, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (KitError.is(cause)) throw cause;
    throw malformed(format, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

export const malformed = (format: SchemaFormat, message: string, cause?: unknown): KitError =>
  new KitError('schema-malformed', `${NAMES[format]}: ${message}`, cause === undefined ? {} : { cause });

const NAMES: Readonly<Record<SchemaFormat, string>> = {
  AVRO: 'Avro schema',
  JSON: 'JSON Schema',
  PROTOBUF: 'Protobuf schema',
};

/** JSON text as a value. @throws {KitError} `schema-malformed` */
export function jsonOf(format: SchemaFormat, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw malformed(format, `no JSON: ${(cause as Error).message}`, cause);
  }
}

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON with the keys of every object in order. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) =>
    isObject(held) ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1))) : held,
  );
}
