import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
  parseSchema,
  type Schema,
  type SchemaFormat,
} from '@penstock/kit/schemas';
import { z } from 'zod';
import { CommandError } from '../exit.ts';

/** Beside the schemas: what the names of the files do not say. */
export const MANIFEST = 'schemas.json';

const FORMATS: Readonly<Record<string, SchemaFormat>> = { '.avsc': 'AVRO', '.json': 'JSON', '.proto': 'PROTOBUF' };

const level = z.enum(COMPATIBILITY_LEVELS);

const manifestShape = z.strictObject({
  level: level.optional(),
  subjects: z
    .record(
      z.string(),
      z.strictObject({
        file: z.string().optional(),
        level: level.optional(),
        references: z.record(z.string(), z.string()).optional(),
      }),
    )
    .optional(),
});

/** The schema of a subject as it lies in a folder. */
export interface FolderSchema {
  readonly subject: string;
  readonly file: string;
  readonly format: SchemaFormat;
  readonly text: string;
  readonly level: CompatibilityLevel | undefined;
  /** Subjects of the same folder, by the names that the schema uses them by. */
  readonly references: Readonly<Record<string, string>>;
}

/** A folder of schemas: one file a subject, with an optional manifest beside them. */
export interface SchemaFolder {
  /** By their subjects, in the order of their names. */
  readonly schemas: ReadonlyMap<string, FolderSchema>;
}

/**
 * Reads a folder: `orders-value.avsc` is the schema of subject `orders-value`, unless the manifest says otherwise.
 *
 * @param read the text of a file of the folder
 * @throws {CommandError} `input-invalid`
 */
export async function readSchemaFolder(
  names: readonly string[],
  read: (name: string) => Promise<string>,
): Promise<SchemaFolder> {
  const manifest = names.includes(MANIFEST) ? manifestOf(await read(MANIFEST)) : {};
  const said = manifest.subjects ?? {};
  const bySubject = new Map(
    Object.entries(said).flatMap(([subject, { file }]) => (file === undefined ? [] : [[file, subject] as const])),
  );
  const schemas = new Map<string, FolderSchema>();
  for (const file of [...names].sort()) {
    const format = FORMATS[extname(file)];
    if (format === undefined || file === MANIFEST || file.endsWith('.lock.json')) continue;
    const subject = bySubject.get(file) ?? basename(file, extname(file));
    if (schemas.has(subject))
      throw new CommandError(
        'input-invalid',
        `subject ${subject} has two files: ${schemas.get(subject)?.file} and ${file}`,
      );
    const own = said[subject];
    schemas.set(subject, {
      subject,
      file,
      format,
      text: await read(file),
      level: own?.level ?? manifest.level,
      references: own?.references ?? {},
    });
  }
  for (const subject of Object.keys(said))
    if (!schemas.has(subject)) throw new CommandError('input-invalid', `${MANIFEST}: subject ${subject} has no file`);
  for (const { subject, references } of schemas.values())
    for (const [name, target] of Object.entries(references))
      if (!schemas.has(target))
        throw new CommandError(
          'input-invalid',
          `${MANIFEST}: ${subject} uses ${name} of subject ${target}, which has no file`,
        );
  return { schemas };
}

/** Reads a folder of this machine. @throws {CommandError} `input-invalid` */
export async function openSchemaFolder(path: string): Promise<SchemaFolder> {
  if (!existsSync(path))
    throw new CommandError(
      'input-invalid',
      `no folder ${path}: put one file a subject into it, or name another by --folder`,
    );
  return readSchemaFolder(await readdir(path), (name) => readFile(join(path, name), 'utf8'));
}

/** Schemas with what they use before them. @throws {CommandError} `input-invalid` where they use each other */
export function inOrderOfUse({ schemas }: SchemaFolder): readonly FolderSchema[] {
  const done = new Map<string, FolderSchema>();
  const visit = (schema: FolderSchema, users: readonly string[]): void => {
    if (done.has(schema.subject)) return;
    if (users.includes(schema.subject))
      throw new CommandError('input-invalid', `schemas use each other: ${[...users, schema.subject].join(' -> ')}`);
    for (const target of Object.values(schema.references))
      visit(schemas.get(target) as FolderSchema, [...users, schema.subject]);
    done.set(schema.subject, schema);
  };
  for (const schema of schemas.values()) visit(schema, []);
  return [...done.values()];
}

/** Texts of what a schema uses, directly or not, before what uses them. */
export function importsOf(folder: SchemaFolder, schema: FolderSchema): Readonly<Record<string, string>> {
  const texts = new Map<string, string>();
  const add = (references: Readonly<Record<string, string>>): void => {
    for (const [name, target] of Object.entries(references)) {
      const used = folder.schemas.get(target);
      if (used === undefined || texts.has(name)) continue;
      add(used.references);
      texts.set(name, used.text);
    }
  };
  add(schema.references);
  return Object.fromEntries(texts);
}

/** @throws {KitError} `schema-malformed` */
export const parsedSchema = (folder: SchemaFolder, schema: FolderSchema): Schema =>
  parseSchema({ format: schema.format, text: schema.text, imports: importsOf(folder, schema) });

function manifestOf(text: string): z.infer<typeof manifestShape> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError('input-invalid', `${MANIFEST}: no JSON: ${(cause as Error).message}`, { cause });
  }
  const result = manifestShape.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CommandError('input-invalid', `${MANIFEST}: ${faults.join('; ')}`);
}
