import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
  parseSchema,
  type RegisteredVersion,
  RegistryClient,
  SCHEMA_FORMATS,
} from '@penstock/kit/schemas';
import { z } from 'zod';
import { CommandError } from '../exit.ts';
import { parsedSchema, readSchemaFolder } from './schema-folder.ts';

export const LOCK_FILE = 'schemas.lock.json';

/** What the schemas of a folder are held against. */
export interface Baseline {
  /** As people know it. */
  readonly name: string;
  /** Oldest first. */
  readonly versions: ReadonlyMap<string, readonly RegisteredVersion[]>;
  /** What the baseline itself says that a subject promises; undefined where it says nothing. */
  level(subject: string): Promise<CompatibilityLevel | undefined>;
}

const lockShape = z.strictObject({
  subjects: z.record(
    z.string(),
    z.array(
      z.strictObject({
        version: z.number().int().min(1),
        format: z.enum(SCHEMA_FORMATS),
        text: z.string(),
        imports: z.record(z.string(), z.string()).optional(),
      }),
    ),
  ),
});

export type Lock = z.infer<typeof lockShape>;

/**
 * What is there already: `git:REF`, the URL of a registry, or a lock file. Without a word it is the lock file of the
 * folder; where there is none, nothing.
 *
 * @throws {CommandError} `input-invalid`; {KitError} `registry-unreachable`
 */
export async function openBaseline(folder: string, against: string | undefined): Promise<Baseline> {
  if (against?.startsWith('git:')) return gitBaseline(folder, against.slice('git:'.length));
  if (against !== undefined && /^https?:\/\//.test(against)) return registryBaseline(against);
  const file = against ?? join(folder, LOCK_FILE);
  if (against === undefined && !existsSync(file))
    return { name: 'nothing: every schema is new', versions: new Map(), level: unsaid };
  return lockBaseline(file, await readLock(file));
}

/** @throws {CommandError} `input-invalid` */
export async function readLock(file: string): Promise<Lock> {
  try {
    return lockShape.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new CommandError('input-invalid', `${file}: expected a lock file of schemas: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const unsaid = async (): Promise<undefined> => undefined;

const lockBaseline = (file: string, { subjects }: Lock): Baseline => ({
  name: file,
  level: unsaid,
  versions: new Map(
    Object.entries(subjects).map(([subject, versions]) => [
      subject,
      versions.map(({ version, format, text, imports = {} }) => ({
        version,
        schema: parseSchema({ format, text, imports }),
      })),
    ]),
  ),
});

const git = async (folder: string, ...args: readonly string[]): Promise<string> => {
  try {
    return (await promisify(execFile)('git', ['-C', folder, ...args], { maxBuffer: 64 * 1_024 * 1_024 })).stdout;
  } catch (cause) {
    throw new CommandError(
      'input-invalid',
      `git ${args.join(' ')}: ${(cause as { readonly stderr?: string }).stderr?.trim() ?? (cause as Error).message}`,
      { cause },
    );
  }
};

async function gitBaseline(folder: string, ref: string): Promise<Baseline> {
  if (ref === '' || ref.startsWith('-'))
    throw new CommandError('input-invalid', `--against git:${ref}: expected a branch, a tag or a commit`);
  // From the folder itself, so that paths are of it wherever in the repository it is.
  const names = (await git(folder, 'ls-tree', '--name-only', ref, './')).split('\n').filter((name) => name !== '');
  const then = await readSchemaFolder(names, (name) => git(folder, 'show', `${ref}:./${name}`));
  const versions = [...then.schemas.values()].map(
    (schema) => [schema.subject, [{ version: 1, schema: parsedSchema(then, schema) }]] as const,
  );
  return {
    name: `${ref} of git`,
    versions: new Map(versions),
    level: async (subject) => then.schemas.get(subject)?.level,
  };
}

async function registryBaseline(url: string): Promise<Baseline> {
  const client = new RegistryClient({ urls: [url] });
  const versions = new Map<string, readonly RegisteredVersion[]>();
  for (const subject of await client.subjects()) {
    const found: RegisteredVersion[] = [];
    for (const version of await client.versions(subject))
      found.push({ version, schema: await client.parse(await client.version(subject, version)) });
    versions.set(subject, found);
  }
  return {
    name: url,
    versions,
    level: async (subject) => COMPATIBILITY_LEVELS[COMPATIBILITY_LEVELS.indexOf(await client.level(subject))],
  };
}
