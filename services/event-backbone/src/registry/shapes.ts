import { COMPATIBILITY_LEVELS, SCHEMA_FORMATS } from '@penstock/kit/schemas';
import { z } from 'zod';
import type { SentSchema, VersionName } from './registry.ts';
import { RegistryError } from './registry-error.ts';
import { MODES } from './schema-store.ts';

const LARGEST = 0x7fff_ffff;

const id = z.number().int().min(-1).max(LARGEST).nullish();

const sent = z.looseObject({
  schema: z.string(),
  schemaType: z.string().nullish(),
  references: z
    .array(
      z.looseObject({
        name: z.string().min(1),
        subject: z.string().min(1),
        version: z.number().int().min(-1).max(LARGEST),
      }),
    )
    .nullish(),
  metadata: z.looseObject({ properties: z.record(z.string(), z.string()).nullish() }).nullish(),
  ruleSet: z.looseObject({}).nullish(),
  id,
  version: id,
});

/** @throws {RegistryError} `request-malformed`, `schema-malformed` for an unknown type */
export function sentSchemaOf(body: unknown): SentSchema {
  const { schema, schemaType, references, metadata, ruleSet, id: wantedId, version } = parsed(sent, body);
  const format = SCHEMA_FORMATS.find((known) => known === (schemaType ?? 'AVRO'));
  if (format === undefined)
    throw new RegistryError(
      'schema-malformed',
      `Invalid schema type ${JSON.stringify(schemaType)}, expected ${SCHEMA_FORMATS.join(', ')}`,
    );
  if (schema.trim() === '') throw new RegistryError('schema-malformed', 'Empty schema');
  return {
    format,
    text: schema,
    references: (references ?? []).map(({ name, subject, version: number }) => ({ name, subject, version: number })),
    extras: { ...(metadata == null ? {} : { metadata }), ...(ruleSet == null ? {} : { ruleSet }) },
    ...(wantedId == null ? {} : { id: wantedId }),
    ...(version == null ? {} : { version }),
  };
}

const config = z.looseObject({
  compatibility: z.string().nullish(),
  compatibilityLevel: z.string().nullish(),
  normalize: z.boolean().nullish(),
});

/** @throws {RegistryError} `request-malformed`, `level-malformed` */
export function configOf(body: unknown) {
  const { compatibility, compatibilityLevel, normalize } = parsed(config, body);
  const wanted = compatibility ?? compatibilityLevel;
  const level = COMPATIBILITY_LEVELS.find((known) => known === wanted?.toUpperCase());
  if (wanted != null && level === undefined)
    throw new RegistryError(
      'level-malformed',
      `Invalid compatibility level ${JSON.stringify(wanted)}. Valid values are ${COMPATIBILITY_LEVELS.join(', ')}`,
    );
  return { ...(level === undefined ? {} : { compatibilityLevel: level }), ...(normalize == null ? {} : { normalize }) };
}

/** @throws {RegistryError} `request-malformed`, `mode-malformed` */
export function modeOf(body: unknown) {
  const { mode: wanted } = parsed(z.looseObject({ mode: z.string() }), body);
  const mode = MODES.find((known) => known === wanted.toUpperCase());
  if (mode === undefined)
    throw new RegistryError(
      'mode-malformed',
      `Invalid mode ${JSON.stringify(wanted)}. Valid values are ${MODES.join(', ')}`,
    );
  return mode;
}

/** @throws {RegistryError} `version-malformed` */
export function versionOf(text: string): VersionName {
  if (text === 'latest' || text === '-1') return 'latest';
  const version = Number(text);
  if (/^\d{1,10}$/.test(text) && version >= 1 && version <= LARGEST) return version;
  throw new RegistryError(
    'version-malformed',
    `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  );
}

/** @throws {RegistryError} `schema-missing`: what is no id is nobody's */
export function idOf(text: string): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value <= LARGEST) return value;
  throw new RegistryError('schema-missing', `Schema ${text} not found`);
}

function parsed<T extends z.ZodType>(shape: T, body: unknown): z.infer<T> {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'body' : path.join('.')}: ${message}`,
  );
  throw new RegistryError('request-malformed', `Unprocessable request: ${faults.join('; ')}`);
}
