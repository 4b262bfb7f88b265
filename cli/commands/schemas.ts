import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRegistryApi } from '@penstock/event-backbone/registry';
import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
  eventTypes,
  RegistryClient,
  type Schema,
} from '@penstock/kit/schemas';
import { CommandError, EXIT } from '../exit.ts';
import { countOption, parseOptions } from '../options.ts';
import { LOCK_FILE, type Lock, openBaseline, readLock } from '../schemas/baseline.ts';
import { checkSchemas, type SubjectVerdict, verdictLines } from '../schemas/schema-check.ts';
import {
  importsOf,
  inOrderOfUse,
  openSchemaFolder,
  parsedSchema,
  type SchemaFolder,
} from '../schemas/schema-folder.ts';

const HELP = `usage: penstock schemas <verb> [options]

Schemas of events as a folder of files: orders-value.avsc is the Avro schema of subject orders-value, .json is JSON
Schema, .proto is Protobuf. schemas.json beside them may give a subject its file, its level and what it uses.

  check        holds every schema against what is there already, and prints all faults. Exit 0: none; 1: one or more
               [--against git:REF | URL of a registry | lock file] (default schemas.lock.json of the folder)
  lock         checks, then notes every changed schema as a new version in schemas.lock.json
  publish      checks against a registry, then registers what is new    --registry URL
  generate     writes TypeScript types of all events    --out FILE [--check: writes nothing, exits 1 where it differs]
  serve        a registry of its own on this machine    [--state FILE] [--port N]

  --folder DIR    the schemas (default schemas)
  --level LEVEL   of subjects that nobody gave one (default BACKWARD): ${COMPATIBILITY_LEVELS.join(', ')}
  --json          verdicts for programs
`;

const OPTIONS = {
  folder: { type: 'string', default: 'schemas' },
  against: { type: 'string' },
  level: { type: 'string', default: 'BACKWARD' },
  registry: { type: 'string' },
  out: { type: 'string' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
  state: { type: 'string', default: ':memory:' },
  port: { type: 'string', default: '8081' },
} as const;

type Options = NonNullable<ReturnType<typeof parseOptions<typeof OPTIONS>>>;

const VERBS: Readonly<Record<string, (options: Options) => Promise<number>>> = {
  async check(options) {
    const { isSound } = await checked(options, options.against);
    return isSound ? EXIT.ok : EXIT.failed;
  },
  async lock(options) {
    const file = join(options.folder, LOCK_FILE);
    const { folder, verdicts, isSound } = await checked(options, existsSync(file) ? file : undefined);
    if (!isSound) return EXIT.failed;
    const known: Lock = existsSync(file) ? await readLock(file) : { subjects: {} };
    await writeFile(file, `${JSON.stringify(withNewVersions(known, folder, verdicts), null, 2)}\n`);
    return EXIT.ok;
  },
  async publish(options) {
    const url = needed('registry', options.registry);
    const { folder, isSound } = await checked(options, url);
    if (!isSound) return EXIT.failed;
    const client = new RegistryClient({ urls: [url] });
    const versions = new Map<string, number>();
    for (const { subject, format, text, references } of inOrderOfUse(folder)) {
      const used = Object.entries(references).map(([name, target]) => ({
        name,
        subject: target,
        version: versions.get(target) ?? 1,
      }));
      const schema = { format, text, references: used };
      const id = await client.register(subject, schema);
      const { version } = await client.lookUp(subject, schema);
      versions.set(subject, version);
      process.stdout.write(`${subject}  version ${version}  id ${id}\n`);
    }
    return EXIT.ok;
  },
  async generate(options) {
    const out = needed('out', options.out);
    const folder = await openSchemaFolder(options.folder);
    const schemas = [...folder.schemas.values()].map(
      (schema) => [schema.subject, parsedSchema(folder, schema)] as const,
    );
    const text = eventTypes(Object.fromEntries(schemas));
    const before = existsSync(out) ? await readFile(out, 'utf8') : undefined;
    if (before === text) return EXIT.ok;
    if (options.check === true)
      throw new CommandError(
        'findings',
        `${out} is not what the schemas say: run \`penstock schemas generate --folder ${options.folder} --out ${out}\``,
      );
    await writeFile(out, text);
    process.stdout.write(`${out}: types of ${schemas.length} subjects\n`);
    return EXIT.ok;
  },
  async serve(options) {
    const api = createRegistryApi({ path: options.state });
    const address = await api.listen({ host: '127.0.0.1', port: countOption('port', options.port) });
    process.stdout.write(
      `registry at ${address}, kept in ${options.state === ':memory:' ? 'memory' : options.state}; ctrl-C ends it\n`,
    );
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
    await api.close();
    return EXIT.ok;
  },
};

/** `penstock schemas`: what CI runs before a schema is published, and what makes types of it. */
export async function schemas(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb.startsWith('-')) {
    parseOptions(args, OPTIONS, HELP);
    if (verb === undefined) throw new CommandError('usage', `a verb is missing\n\n${HELP}`);
    return EXIT.ok;
  }
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run === undefined) throw new CommandError('usage', `no verb "${verb}"\n\n${HELP}`);
  const options = parseOptions(rest, OPTIONS, HELP);
  return options === undefined ? EXIT.ok : run(options);
}

async function checked(options: Options, against: string | undefined) {
  const folder = await openSchemaFolder(options.folder);
  inOrderOfUse(folder);
  const baseline = await openBaseline(options.folder, against);
  const verdicts = await checkSchemas(folder, baseline, levelOf(options.level));
  const isSound = verdicts.every(({ state }) => state !== 'broken');
  if (options.json === true)
    process.stdout.write(
      `${JSON.stringify(
        verdicts.map(({ schema: _, ...verdict }) => verdict),
        null,
        2,
      )}\n`,
    );
  else (isSound ? process.stdout : process.stderr).write(`against ${baseline.name}\n${verdictLines(verdicts)}`);
  return { folder, verdicts, isSound };
}

function levelOf(text: string): CompatibilityLevel {
  const level = COMPATIBILITY_LEVELS.find((known) => known === text.toUpperCase());
  if (level !== undefined) return level;
  throw new CommandError('usage', `--level: received "${text}", expected ${COMPATIBILITY_LEVELS.join(', ')}`);
}

function withNewVersions(known: Lock, folder: SchemaFolder, verdicts: readonly SubjectVerdict[]): Lock {
  const subjects = new Map(Object.entries(known.subjects));
  for (const { subject, state, schema } of verdicts) {
    const held = folder.schemas.get(subject);
    if (held === undefined || schema === undefined || state === 'unchanged') continue;
    const before = subjects.get(subject) ?? [];
    const imports: Schema['imports'] = importsOf(folder, held);
    const version = (before.at(-1)?.version ?? 0) + 1;
    subjects.set(subject, [
      ...before,
      { version, format: held.format, text: held.text, ...(Object.keys(imports).length === 0 ? {} : { imports }) },
    ]);
  }
  return { subjects: Object.fromEntries([...subjects].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function needed(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new CommandError('usage', `--${name} is missing; \`penstock schemas --help\` says more`);
}
