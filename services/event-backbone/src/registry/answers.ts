import type { FoundVersion, Registry } from './registry.ts';
import { RegistryError } from './registry-error.ts';
import type { StoredSchema } from './schema-store.ts';

/** Query parameters: text, or several where a client has sent one more than once. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const textOf = (query: Query, name: string): string | undefined => {
  const value = query[name];
  return typeof value === 'string' ? value : value?.[0];
};

export const isSet = (query: Query, name: string): boolean => textOf(query, name)?.toLowerCase() === 'true';

/** A part of a list, as `offset` and `limit` ask for it; a limit below nothing is none. @throws {RegistryError} `request-malformed` */
export function pageOf<T>(items: readonly T[], query: Query): readonly T[] {
  const [offset, limit] = [wholeOf(query, 'offset', 0), wholeOf(query, 'limit', -1)];
  const start = Math.max(0, offset);
  return items.slice(start, limit < 0 ? undefined : start + limit);
}

function wholeOf(query: Query, name: string, otherwise: number): number {
  const text = textOf(query, name);
  if (text === undefined) return otherwise;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new RegistryError('request-malformed', `${name}: received ${JSON.stringify(text)}, expected a whole number`);
}

/** The text of a schema; of Protobuf with `format=serialized` its descriptor. */
export function textIn(registry: Registry, schema: StoredSchema, format: string | undefined): string {
  if (format !== 'serialized' || schema.format !== 'PROTOBUF') return schema.text;
  const parsed = registry.parsed(schema);
  return parsed.format === 'PROTOBUF' ? parsed.serialized : schema.text;
}

/** A schema as clients read it; they take one without a type for Avro. */
export const schemaBody = (registry: Registry, schema: StoredSchema, format?: string) => ({
  ...(schema.format === 'AVRO' ? {} : { schemaType: schema.format }),
  schema: textIn(registry, schema, format),
  ...(schema.references.length === 0 ? {} : { references: schema.references }),
  ...schema.extras,
});

export const versionBody = (registry: Registry, { subject, version, schema }: FoundVersion, format?: string) => ({
  subject,
  version,
  id: schema.id,
  guid: schema.guid,
  ...schemaBody(registry, schema, format),
});
