import { setTimeout as sleep } from 'node:timers/promises';
import { KitError } from '../errors.ts';
import { type CompatibilityLevel, parseSchema, type Schema } from './compatibility.ts';
import type { SchemaFormat, SchemaReference } from './schema.ts';

export interface RegistryClientOptions {
  /** Base of the API, e.g. `http://localhost:8081`; several are tried in turn. */
  readonly urls: readonly string[];
  /** Sent with every request, e.g. `authorization`. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often a request is tried in all when the registry cannot be reached or is not well. @default 4 */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; each further waits twice as long. @default 100 */
  readonly backoffMs?: number;
  /** Milliseconds until an attempt is given up. @default 5000 */
  readonly timeoutMs?: number;
}

/** A schema as it is registered: what it uses is named, not held. */
export interface RegistrableSchema {
  readonly format: SchemaFormat;
  readonly text: string;
  /** @default [] */
  readonly references?: readonly SchemaReference[];
}

export interface RegisteredSchema extends RegistrableSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
}

interface Body {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: SchemaFormat;
  readonly references?: readonly SchemaReference[];
}

/** Soonest a subject's newest version is asked for again. */
const LATEST_MS = 60_000;

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/**
 * Talks to a registry with Confluent's REST API. What cannot change (a schema by its id, a version by its number) is
 * asked for once; what many ask for at once is asked for once.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #schemas = new Map<number, Promise<Schema>>();
  readonly #versions = new Map<string, Promise<RegisteredSchema>>();
  readonly #registered = new Map<string, Promise<number>>();
  readonly #latest = new Map<string, { readonly until: number; readonly schema: Promise<RegisteredSchema> }>();

  constructor(options: RegistryClientOptions) {
    if (options.urls.length === 0) throw new KitError('address-missing', 'a registry needs at least one URL');
    this.#options = options;
  }

  /** The schema of an id, with what it uses. @throws {KitError} `schema-missing`, `registry-unreachable`, `registry-refused` */
  schema(id: number): Promise<Schema> {
    return kept(this.#schemas, id, async () => {
      const { schemaType = 'AVRO', schema, references } = await this.#call<Body>('GET', `/schemas/ids/${id}`);
      return this.parse({ format: schemaType, text: schema, ...(references === undefined ? {} : { references }) });
    });
  }

  /** Reads a schema and, from the registry, what it uses. @throws {KitError} `schema-malformed`, as `schema` */
  async parse({ format, text, references = [] }: RegistrableSchema): Promise<Schema> {
    const imports = new Map<string, string>();
    const add = async ({ name, subject, version }: SchemaReference): Promise<void> => {
      if (imports.has(name)) return;
      const found = await this.version(subject, version);
      for (const inner of found.references ?? []) await add(inner);
      imports.set(name, found.text);
    };
    for (const reference of references) await add(reference);
    return parseSchema({ format, text, imports: Object.fromEntries(imports) });
  }

  /** The id of a schema under a subject, given where it has none. @throws {KitError} `schema-incompatible`, `schema-malformed`, as `schema` */
  register(subject: string, schema: RegistrableSchema): Promise<number> {
    return kept(this.#registered, `${subject}\0${JSON.stringify(schema)}`, async () => {
      const { id } = await this.#call<{ readonly id: number }>(
        'POST',
        `/subjects/${encodeURIComponent(subject)}/versions`,
        bodyOf(schema),
      );
      this.#latest.delete(subject);
      return id;
    });
  }

  /** The version that a schema is under a subject. @throws {KitError} `schema-missing` where it is none, as `schema` */
  async lookUp(subject: string, schema: RegistrableSchema): Promise<RegisteredSchema> {
    return registeredOf(await this.#call<Body>('POST', `/subjects/${encodeURIComponent(subject)}`, bodyOf(schema)));
  }

  /** A version of a subject. @throws {KitError} as `schema` */
  version(subject: string, version: number): Promise<RegisteredSchema> {
    return kept(this.#versions, `${subject}\0${version}`, async () =>
      registeredOf(await this.#call<Body>('GET', `/subjects/${encodeURIComponent(subject)}/versions/${version}`)),
    );
  }

  /** The newest version, at most a minute old. @throws {KitError} as `schema` */
  latest(subject: string): Promise<RegisteredSchema> {
    const known = this.#latest.get(subject);
    if (known !== undefined && known.until > performance.now()) return known.schema;
    const schema = this.#call<Body>('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`).then(
      registeredOf,
    );
    this.#latest.set(subject, { until: performance.now() + LATEST_MS, schema });
    schema.catch(() => this.#latest.delete(subject));
    return schema;
  }

  /** Numbers of a subject's versions, oldest first. @throws {KitError} as `schema` */
  versions(subject: string): Promise<readonly number[]> {
    return this.#call('GET', `/subjects/${encodeURIComponent(subject)}/versions`);
  }

  subjects(): Promise<readonly string[]> {
    return this.#call('GET', '/subjects');
  }

  /** What a subject promises, or what all do. @throws {KitError} as `schema` */
  async level(subject: string): Promise<CompatibilityLevel> {
    const path = `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    const { compatibilityLevel } = await this.#call<{ readonly compatibilityLevel: CompatibilityLevel }>('GET', path);
    return compatibilityLevel;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { urls, attempts = 4, backoffMs = 100 } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt<T>(urls[(attempt - 1) % urls.length] as string, method, path, body);
      } catch (error) {
        if (!KitError.is(error) || !error.retryable || attempt >= attempts) throw error;
        await sleep(error.retryAfterMs ?? backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  }

  async #attempt<T>(url: string, method: string, path: string, body: unknown): Promise<T> {
    const { headers = {}, timeoutMs = 5_000 } = this.#options;
    const base = url.replace(/\/+$/, '');
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        headers: {
          accept: `${MEDIA_TYPE}, application/json`,
          ...(body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return (await response.json()) as T;
    } catch (cause) {
      throw new KitError('registry-unreachable', `${base}${path}: ${(cause as Error).message}`, { cause });
    }
    throw refusalOf(response.status, `${base}${path}`, await response.text());
  }
}

/** What many ask for is asked for once; what failed is asked for again. */
function kept<K, V>(cache: Map<K, Promise<V>>, key: K, load: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const loading = load();
  cache.set(key, loading);
  loading.catch(() => cache.delete(key));
  return loading;
}

const bodyOf = ({ format, text, references = [] }: RegistrableSchema) => ({
  schema: text,
  ...(format === 'AVRO' ? {} : { schemaType: format }),
  ...(references.length === 0 ? {} : { references }),
});

const registeredOf = ({ subject, version, id, schema, schemaType = 'AVRO', references }: Body): RegisteredSchema => ({
  subject,
  version,
  id,
  format: schemaType,
  text: schema,
  ...(references === undefined ? {} : { references }),
});

const INVALID_SCHEMA = 42201;

function refusalOf(status: number, what: string, text: string): KitError {
  const { error_code: code, message = text.slice(0, 200) } = errorIn(text);
  const said = `${what} answered ${status}${code === undefined ? '' : ` (${code})`}: ${message}`;
  if (status === 429 || status >= 500) return new KitError('registry-unreachable', said);
  if (status === 404 && code !== undefined && code >= 40400) return new KitError('schema-missing', said);
  if (status === 409) return new KitError('schema-incompatible', said);
  if (code === INVALID_SCHEMA) return new KitError('schema-malformed', said);
  return new KitError('registry-refused', said);
}

function errorIn(text: string): { readonly error_code?: number; readonly message?: string } {
  try {
    return JSON.parse(text) as { readonly error_code?: number; readonly message?: string };
  } catch {
    return {};
  }
}
