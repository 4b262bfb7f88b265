import { createHash } from 'node:crypto';
import { KitError } from '@penstock/kit';
import {
  type CompatibilityFault,
  type CompatibilityLevel,
  checkCompatibility,
  parseSchema,
  type Schema,
  type SchemaFormat,
  type SchemaReference,
} from '@penstock/kit/schemas';
import { ParsedSchemas } from './parsed-schemas.ts';
import { RegistryError } from './registry-error.ts';
import type {
  RegistryMode,
  SchemaExtras,
  SchemaStore,
  StoredConfig,
  StoredSchema,
  StoredVersion,
} from './schema-store.ts';
import { type Subject, subjectOf } from './subject.ts';

/** A schema as a client sends it. */
export interface SentSchema {
  readonly format: SchemaFormat;
  readonly text: string;
  readonly references: readonly SchemaReference[];
  readonly extras: SchemaExtras;
  /** Chosen by whoever copies from another registry; mode `IMPORT` alone allows it. */
  readonly id?: number;
  readonly version?: number;
}

/** A version of a subject with its schema. */
export interface FoundVersion extends StoredVersion {
  readonly schema: StoredSchema;
}

/** A number, or the newest. */
export type VersionName = number | 'latest';

/** What a config says where nobody has said anything. */
const DEFAULTS = { compatibilityLevel: 'BACKWARD', mode: 'READWRITE' } as const;

const LARGEST_ID = 0x7fff_ffff;

/** The rules of a registry: what gets which id and version, what may be registered, and what may be deleted. */
export class Registry {
  readonly #store: SchemaStore;
  readonly #parsed: ParsedSchemas;

  constructor(store: SchemaStore) {
    this.#store = store;
    this.#parsed = new ParsedSchemas((reference) => this.#referenced(reference));
  }

  /**
   * Gives the schema an id and a version under the subject, or says which it has.
   *
   * @throws {RegistryError} `schema-malformed`, `schema-incompatible`, `not-permitted`
   */
  register(subject: Subject, sent: SentSchema): FoundVersion {
    const schema = this.#read(sent);
    return this.#store.transact(() => {
      const mode = this.#writable(subject);
      if (sent.id !== undefined && sent.id > 0 && mode !== 'IMPORT')
        throw new RegistryError('not-permitted', `Subject ${subject.text} is not in import mode`);
      const versions = this.#store.versions(subject.text);
      const live = versions.filter(({ isDeleted }) => !isDeleted);
      const guid = guidOf(schema, sent);
      const known = this.#store.schemaByGuid(guid);
      const same = live.findLast(({ schemaId }) => schemaId === known?.id);
      if (same !== undefined && known !== undefined) return { ...same, schema: known };
      if (mode !== 'IMPORT') this.#refuseIncompatible(subject, schema, live);
      const stored = known ?? this.#add(schema, sent, guid);
      const version = this.#nextVersion(versions, sent, mode);
      this.#store.addVersion({ subject: subject.text, version, schemaId: stored.id });
      return { subject: subject.text, version, schemaId: stored.id, isDeleted: false, schema: stored };
    });
  }

  /** The version that has this schema. @throws {RegistryError} `subject-missing`, `schema-missing`, `schema-malformed` */
  lookUp(subject: Subject, sent: SentSchema, includeDeleted: boolean): FoundVersion {
    const versions = this.#versions(subject, includeDeleted);
    const known = this.#store.schemaByGuid(guidOf(this.#read(sent), sent));
    const same = versions.findLast(({ schemaId }) => schemaId === known?.id);
    if (same === undefined || known === undefined) throw new RegistryError('schema-missing', 'Schema not found');
    return { ...same, schema: known };
  }

  /** Names of the subjects that have a version. */
  subjects(prefix: string, include: 'live' | 'all' | 'deleted'): readonly string[] {
    const start = subjectOf(prefix === ':*:' ? '' : prefix).text;
    const found = new Map<string, boolean>();
    for (const { subject, isDeleted } of this.#store.everyVersion())
      if (subject.startsWith(start)) found.set(subject, (found.get(subject) ?? false) || !isDeleted);
    return [...found]
      .filter(([, isLive]) => include === 'all' || isLive === (include === 'live'))
      .map(([subject]) => subject);
  }

  contexts(): readonly string[] {
    const found = this.#store.everyVersion().map(({ subject }) => subjectOf(subject).context);
    return [...new Set(['.', ...found])].sort();
  }

  /** @throws {RegistryError} `subject-missing` */
  versions(subject: Subject, include: 'live' | 'all' | 'deleted'): readonly number[] {
    const versions = this.#versions(subject, include !== 'live');
    return versions.filter(({ isDeleted }) => include !== 'deleted' || isDeleted).map(({ version }) => version);
  }

  /** @throws {RegistryError} `subject-missing`, `version-missing` */
  version(subject: Subject, name: VersionName, includeDeleted = false): FoundVersion {
    const versions = this.#versions(subject, includeDeleted);
    const found = name === 'latest' ? versions.at(-1) : versions.find(({ version }) => version === name);
    if (found === undefined) throw new RegistryError('version-missing', `Version ${name} not found.`);
    return { ...found, schema: this.schemaById(found.schemaId) };
  }

  /** The newest version whose metadata has all these properties. @throws {RegistryError} `subject-missing`, `schema-missing` */
  versionWith(subject: Subject, properties: Readonly<Record<string, string>>, includeDeleted: boolean): FoundVersion {
    const found = this.#versions(subject, includeDeleted)
      .map((version) => ({ ...version, schema: this.schemaById(version.schemaId) }))
      .findLast(({ schema }) => hasProperties(schema.extras.metadata, properties));
    if (found === undefined) throw new RegistryError('schema-missing', 'Schema not found');
    return found;
  }

  /** @throws {RegistryError} `schema-missing` */
  schemaById(id: number): StoredSchema {
    const found = this.#store.schema(id);
    if (found === undefined) throw new RegistryError('schema-missing', `Schema ${id} not found`);
    return found;
  }

  /** @throws {RegistryError} `schema-missing` */
  schemaByGuid(guid: string): StoredSchema {
    const found = this.#store.schemaByGuid(guid);
    if (found === undefined) throw new RegistryError('schema-missing', `Schema ${guid} not found`);
    return found;
  }

  largestId(): number {
    return this.#store.largestId();
  }

  /** Where a schema is a version. @throws {RegistryError} `schema-missing` */
  placesOf(id: number, includeDeleted: boolean): readonly StoredVersion[] {
    this.schemaById(id);
    return this.#store.versionsOf(id).filter(({ isDeleted }) => includeDeleted || !isDeleted);
  }

  /** Every version, in order of subjects. */
  everyVersion(prefix: string, includeDeleted: boolean, latestOnly: boolean): readonly FoundVersion[] {
    const start = subjectOf(prefix === ':*:' ? '' : prefix).text;
    const found = this.#store
      .everyVersion()
      .filter(({ subject, isDeleted }) => subject.startsWith(start) && (includeDeleted || !isDeleted));
    const shown = latestOnly ? found.filter(({ subject }, index) => found[index + 1]?.subject !== subject) : found;
    return shown.map((version) => ({ ...version, schema: this.schemaById(version.schemaId) }));
  }

  /** Ids of schemas that use a version. @throws {RegistryError} `subject-missing`, `version-missing` */
  referencedBy(subject: Subject, name: VersionName): readonly number[] {
    return this.#store.usersOf(subject.text, this.version(subject, name).version);
  }

  /** Hides a version, or removes one that was hidden. @throws {RegistryError} */
  deleteVersion(subject: Subject, name: VersionName, permanent: boolean): number {
    return this.#store.transact(() => {
      this.#writable(subject);
      const all = this.#versions(subject, true);
      const shown = all.filter(({ isDeleted }) => permanent || !isDeleted);
      const found = name === 'latest' ? shown.at(-1) : all.find(({ version }) => version === name);
      if (found === undefined) throw new RegistryError('version-missing', `Version ${name} not found.`);
      const { version, isDeleted } = found;
      if (!permanent && isDeleted)
        throw new RegistryError(
          'version-deleted',
          `Subject '${subject.text}' Version ${version} was soft deleted. Set permanent=true to delete permanently`,
        );
      if (permanent && !isDeleted)
        throw new RegistryError(
          'version-not-deleted',
          `Subject '${subject.text}' Version ${version} was not deleted first before being permanently deleted`,
        );
      this.#drop(subject, version, permanent);
      return version;
    });
  }

  /** Hides all versions of a subject, or removes those that were hidden. @throws {RegistryError} */
  deleteSubject(subject: Subject, permanent: boolean): readonly number[] {
    return this.#store.transact(() => {
      this.#writable(subject);
      const all = this.#versions(subject, true);
      const live = all.filter(({ isDeleted }) => !isDeleted);
      if (permanent && live.length > 0)
        throw new RegistryError(
          'subject-not-deleted',
          `Subject '${subject.text}' was not deleted first before being permanently deleted`,
        );
      if (!permanent && live.length === 0)
        throw new RegistryError(
          'subject-deleted',
          `Subject '${subject.text}' was soft deleted. Set permanent=true to delete permanently`,
        );
      const going = (permanent ? all : live).map(({ version }) => version);
      for (const version of going) this.#drop(subject, version, permanent);
      this.#store.setConfig(subject.text, {});
      return going;
    });
  }

  /** What a schema would break, and under which level. @throws {RegistryError} */
  check(subject: Subject, sent: SentSchema, name: VersionName | undefined): readonly CompatibilityFault[] {
    const schema = this.#read(sent);
    const level = this.config(subject, true).compatibilityLevel ?? DEFAULTS.compatibilityLevel;
    const live = this.#store.versions(subject.text).filter(({ isDeleted }) => !isDeleted);
    if (name === undefined) return this.#faults(level, schema, live);
    if (name === 'latest' && live.length === 0) return [];
    const against = this.version(subject, name);
    return this.#faults(level, schema, [against]);
  }

  /** What is set for a subject or, with an empty name, for all. @throws {RegistryError} `config-missing` */
  config(subject: Subject, orDefault: boolean): StoredConfig {
    const own = this.#store.config(subject.text);
    if (own.compatibilityLevel !== undefined) return own;
    if (!orDefault && subject.name !== '')
      throw new RegistryError(
        'config-missing',
        `Subject '${subject.text}' does not have subject-level compatibility configured`,
      );
    const inherited = this.#inherited(subject).find(({ compatibilityLevel }) => compatibilityLevel !== undefined);
    return { ...own, compatibilityLevel: inherited?.compatibilityLevel ?? DEFAULTS.compatibilityLevel };
  }

  setConfig(
    subject: Subject,
    changes: { readonly compatibilityLevel?: CompatibilityLevel; readonly normalize?: boolean },
  ): StoredConfig {
    return this.#store.transact(() => {
      const config = { ...this.#store.config(subject.text), ...changes };
      this.#store.setConfig(subject.text, config);
      return config;
    });
  }

  /** @returns what was set @throws {RegistryError} `config-missing` */
  clearConfig(subject: Subject): StoredConfig {
    return this.#store.transact(() => {
      const { mode, ...config } = this.#store.config(subject.text);
      if (config.compatibilityLevel === undefined && subject.name !== '')
        throw new RegistryError(
          'config-missing',
          `Subject '${subject.text}' does not have subject-level compatibility configured`,
        );
      this.#store.setConfig(subject.text, mode === undefined ? {} : { mode });
      return { compatibilityLevel: DEFAULTS.compatibilityLevel, ...config };
    });
  }

  /** @throws {RegistryError} `mode-missing` */
  mode(subject: Subject, orDefault: boolean): RegistryMode {
    const own = this.#store.config(subject.text).mode;
    if (own !== undefined) return own;
    if (!orDefault && subject.name !== '')
      throw new RegistryError('mode-missing', `Subject '${subject.text}' does not have subject-level mode configured`);
    return this.#inherited(subject).find(({ mode }) => mode !== undefined)?.mode ?? DEFAULTS.mode;
  }

  /** @throws {RegistryError} `not-permitted` for `IMPORT` over what is there already, unless forced */
  setMode(subject: Subject, mode: RegistryMode, force: boolean): void {
    this.#store.transact(() => {
      const isUsed =
        subject.name === '' ? this.#store.everyVersion().length > 0 : this.#store.versions(subject.text).length > 0;
      if (mode === 'IMPORT' && isUsed && !force && this.mode(subject, true) !== 'IMPORT')
        throw new RegistryError('not-permitted', 'Cannot import since found existing subjects');
      this.#store.setConfig(subject.text, { ...this.#store.config(subject.text), mode });
    });
  }

  /** @returns the mode that was set @throws {RegistryError} `mode-missing` */
  clearMode(subject: Subject): RegistryMode {
    return this.#store.transact(() => {
      const { mode, ...config } = this.#store.config(subject.text);
      if (mode === undefined)
        throw new RegistryError(
          'mode-missing',
          `Subject '${subject.text}' does not have subject-level mode configured`,
        );
      this.#store.setConfig(subject.text, config);
      return mode;
    });
  }

  /** A schema with its references, as the codecs take it. */
  parsed(schema: StoredSchema): Schema {
    return this.#parsed.get(schema);
  }

  #versions(subject: Subject, includeDeleted: boolean): readonly StoredVersion[] {
    const all = this.#store.versions(subject.text);
    const shown = includeDeleted ? all : all.filter(({ isDeleted }) => !isDeleted);
    if (shown.length > 0) return shown;
    throw new RegistryError('subject-missing', `Subject '${subject.text}' not found.`);
  }

  #read({ format, text, references }: SentSchema): Schema {
    try {
      return parseSchema({ format, text, imports: this.#parsed.importsOf(references) });
    } catch (error) {
      if (KitError.is(error, 'schema-malformed'))
        throw new RegistryError('schema-malformed', `Invalid schema: ${error.message}`, error);
      throw error;
    }
  }

  #referenced({ name, subject, version }: SchemaReference): StoredSchema {
    try {
      return this.version(subjectOf(subject), version === -1 ? 'latest' : version).schema;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      throw new RegistryError(
        'schema-malformed',
        `Invalid schema: reference ${JSON.stringify(name)}: no version ${version} of subject '${subject}'`,
        error,
      );
    }
  }

  #writable(subject: Subject): RegistryMode {
    const mode = this.mode(subject, true);
    if (mode === 'READWRITE' || mode === 'IMPORT') return mode;
    throw new RegistryError('not-permitted', `Subject ${subject.text} is in ${mode.toLowerCase()} mode`);
  }

  #add(schema: Schema, sent: SentSchema, guid: string): StoredSchema {
    const { format, text } = schema;
    const id = sent.id !== undefined && sent.id > 0 ? sent.id : this.#store.largestId() + 1;
    if (id > LARGEST_ID) throw new RegistryError('not-permitted', `No id is left after ${LARGEST_ID}`);
    const taken = this.#store.schema(id);
    if (taken !== undefined)
      throw new RegistryError('not-permitted', `Overwrite new schema with id ${id} is not permitted.`);
    const stored = { id, guid, format, text, references: sent.references, extras: sent.extras };
    this.#store.addSchema(stored);
    return stored;
  }

  #nextVersion(versions: readonly StoredVersion[], sent: SentSchema, mode: RegistryMode): number {
    if (mode === 'IMPORT' && sent.version !== undefined && sent.version > 0) {
      if (versions.some(({ version }) => version === sent.version))
        throw new RegistryError('not-permitted', `Overwrite version ${sent.version} is not permitted.`);
      return sent.version;
    }
    return (versions.at(-1)?.version ?? 0) + 1;
  }

  #refuseIncompatible(subject: Subject, schema: Schema, live: readonly StoredVersion[]): void {
    const level = this.config(subject, true).compatibilityLevel ?? DEFAULTS.compatibilityLevel;
    const faults = this.#faults(level, schema, live);
    if (faults.length === 0) return;
    const details = faults.map(faultText).join('; ');
    throw new RegistryError(
      'schema-incompatible',
      `Schema being registered is incompatible with an earlier schema for subject "${subject.text}", details: [${details}], level ${level}`,
    );
  }

  #faults(level: CompatibilityLevel, schema: Schema, live: readonly StoredVersion[]): readonly CompatibilityFault[] {
    const needed = level.endsWith('_TRANSITIVE') ? live : live.slice(-1);
    if (level === 'NONE') return [];
    return checkCompatibility(
      level,
      schema,
      needed.map(({ version, schemaId }) => ({ version, schema: this.parsed(this.schemaById(schemaId)) })),
    );
  }

  #drop(subject: Subject, version: number, permanent: boolean): void {
    const users = this.#store.usersOf(subject.text, version);
    if (users.length > 0)
      throw new RegistryError(
        'schema-referenced',
        `One or more references exist to the schema {subject=${subject.text},version=${version}}: ids ${users.join(', ')}`,
      );
    if (permanent) this.#store.removeVersion(subject.text, version);
    else this.#store.hideVersion(subject.text, version);
  }

  /** What holds for a subject that says nothing itself: its context's, then everybody's. */
  #inherited({ context }: Subject): readonly StoredConfig[] {
    return [this.#store.config(subjectOf(`:${context}:`).text), this.#store.config('')];
  }
}

/** One fault as clients show it. */
export const faultText = ({ direction, version, rule, path, message, repair }: CompatibilityFault): string =>
  `{errorType:'${rule.toUpperCase().replaceAll('-', '_')}', path:'${path === '' ? '/' : path}', description:'${message}', repair:'${repair}', direction:'${direction}', version:${version}}`;

/** The same for equal schemas with the same references and extras, as a UUID of version 8. */
function guidOf({ fingerprint }: Schema, { references, extras }: SentSchema): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([fingerprint, references, extras]))
    .digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

function hasProperties(metadata: unknown, wanted: Readonly<Record<string, string>>): boolean {
  const held = ((metadata as { readonly properties?: Readonly<Record<string, unknown>> } | undefined)?.properties ??
    {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(held, key) && held[key] === value);
}
