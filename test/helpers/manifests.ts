import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { goDurationMs } from '../../constructs/policies/go-duration.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { type CelSchema, celFaultsOf } from './cel.ts';
import type { Requirement } from './requirement.ts';

const DATA = process.env['PENSTOCK_DATA'] ?? join(import.meta.dirname, '../../../shared/data');

/** A file of the data that no one here wrote. */
export const dataPath = (path: string): string => join(DATA, path);

/** Real schemas and the official pods of the Pod Security Standards. */
export const realData: Requirement = {
  name: 'data',
  available: existsSync(join(DATA, 'crds')),
  howToGet: 'name a folder with crds/ and policy/ in PENSTOCK_DATA',
};

type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null;

/** Judges manifests by the schemas of the API server and the rules beside them, and refuses unknown fields as a server-side apply does. */
export class ApiSchemas {
  readonly #ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: {
      'int-or-string': true,
      ipv4: true,
      ipv6: true,
      int32: true,
      int64: true,
      double: true,
      byte: true,
      'date-time': true,
    },
  });
  readonly #validators = new Map<string, ValidateFunction>();
  /** All that the API server itself defines, which its kinds refer to. */
  readonly #definitions: Json;
  readonly #schemas = new Map<string, Json>();
  /** As they are written, with their rules. */
  readonly #written = new Map<string, CelSchema>();
  /** Of every project with definitions of its own, as texts: parsed when a kind of theirs is asked for. */
  #custom: readonly string[];

  constructor() {
    const folder = join(DATA, 'crds');
    const core = JSON.parse(readFileSync(join(folder, 'k8s/v1.33-definitions.json'), 'utf8')) as Record<string, Json>;
    this.#definitions = closed(core['definitions'] as Json);
    this.#ajv.addSchema({ $id: 'core', definitions: this.#definitions });
    for (const [name, definition] of Object.entries(core['definitions'] as Record<string, Record<string, Json>>)) {
      for (const { group, version, kind } of (definition['x-kubernetes-group-version-kind'] ??
        []) as unknown as Gvk[]) {
        this.#schemas.set(`${group === '' ? '' : `${group}/`}${version} ${kind}`, {
          $ref: `core#/definitions/${name}`,
        });
      }
    }
    this.#custom = definitionFiles().map((file) => readFileSync(file, 'utf8'));
  }

  /** What is wrong with a manifest; empty when the API server would take it. */
  faultsOf(manifest: Manifest): readonly string[] {
    const id = idOf(manifest);
    const schema = this.#schemaOf(manifest);
    if (schema === undefined) return [`no schema for ${id}`];
    // Compiled when it is asked for, since nobody asks for all.
    const validate = this.#validators.get(id) ?? this.#ajv.compile(schema as AnySchemaObject);
    this.#validators.set(id, validate);
    validate(manifest);
    const faults = (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
    const written = this.#written.get(id);
    // A rule says nothing of what has not even the shape it is about.
    return faults.length > 0 || written === undefined
      ? faults
      : celFaultsOf(written, manifest as unknown as Parameters<typeof celFaultsOf>[1]);
  }

  /** The schema of a manifest's kind with all that it refers to, for whoever else validates. */
  wholeSchemaOf(manifest: Manifest): Json | undefined {
    const schema = this.#schemaOf(manifest) as { readonly $ref?: string } | undefined;
    if (schema?.$ref === undefined) return schema as Json | undefined;
    return { $ref: schema.$ref.replace('core#', '#'), definitions: this.#definitions };
  }

  #schemaOf(manifest: Manifest): Json | undefined {
    const id = idOf(manifest);
    if (!this.#schemas.has(id)) {
      const defines = new RegExp(`^ +kind: ['"]?${manifest.kind}['"]?$`, 'm');
      for (const text of this.#custom.filter((each) => defines.test(each))) {
        for (const document of parseAllDocuments(text)) this.#addCustom(document.toJS() as Crd | null);
      }
      this.#custom = this.#custom.filter((each) => !defines.test(each));
    }
    return this.#schemas.get(id);
  }

  #addCustom(crd: Crd | null): void {
    for (const { name, schema } of crd?.spec?.versions ?? []) {
      const { properties = {}, ...rest } = schema.openAPIV3Schema as Record<string, Json> & {
        properties?: Record<string, Json>;
      };
      // Every object has these three, whether its own schema names them or not.
      const withMetadata = { ...rest, properties: { ...properties, apiVersion: {}, kind: {}, metadata: {} } };
      const id = `${crd?.spec.group}/${name} ${crd?.spec.names.kind}`;
      this.#schemas.set(id, closed(withMetadata));
      this.#written.set(id, schema.openAPIV3Schema as CelSchema);
    }
  }
}

/** Versions that are newer than the schemas, by the one that has the same fields. */
const SAME_AS: Readonly<Record<string, string>> = { 'resource.k8s.io/v1': 'resource.k8s.io/v1beta2' };

const idOf = ({ apiVersion, kind }: Manifest): string => `${SAME_AS[apiVersion] ?? apiVersion} ${kind}`;

interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: unknown } }[];
  };
}

/**
 * The same schema, in which an object with stated fields has no others. Two of Kubernetes' own types are written as
 * text there and taken as numbers too.
 */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const object = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)])) as Record<
    string,
    Json
  >;
  // Go lets a pattern begin with its flags; here they belong to a group.
  if (typeof object['pattern'] === 'string')
    object['pattern'] = object['pattern'].replace(/^\^\(\?i\)(.*)\$$/, '^(?i:$1)$');
  if (object['format'] === 'int-or-string' || object['x-kubernetes-int-or-string'] === true || isQuantity(object)) {
    const { type: _, format: __, anyOf: ___, ...rest } = object;
    return { ...rest, type: ['string', 'number'] };
  }
  const keepsUnknown = object['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in object;
  const isObject =
    object['properties'] !== undefined &&
    (object['type'] === 'object' || object['$ref'] === undefined) &&
    typeof object['properties'] === 'object' &&
    'type' in object;
  return isObject && !keepsUnknown ? { ...object, additionalProperties: false } : object;
}

const isQuantity = ({ description, type }: Record<string, Json>): boolean =>
  type === 'string' &&
  typeof description === 'string' &&
  description.startsWith('Quantity is a fixed-point representation');

/** Files of all custom resource definitions, but for those of a project: its folder, such as `keda`. */
export function definitionFiles(options: { readonly except?: string } = {}): readonly string[] {
  const folder = join(DATA, 'crds');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file) && file.split('/')[0] !== options.except)
    .map((file) => join(folder, file));
}

/** Names of all custom resource definitions, e.g. `streams.jetstream.nats.io`. */
export function definitionNames(): readonly string[] {
  return definitionFiles()
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map(
      (document) => document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } } | null,
    )
    .flatMap((crd) => (crd?.kind === 'CustomResourceDefinition' ? [crd.metadata.name] : []));
}

/** KEDA's own list of the parameters of every trigger, as text. */
export const kedaScalers = (): string => readFileSync(join(DATA, 'crds/keda/scalers-schema.json'), 'utf8');

/** The parameters of a KEDA trigger as KEDA itself lists them. */
export function triggerParameters(type: string): readonly TriggerParameter[] {
  const { scalers } = JSON.parse(kedaScalers()) as {
    readonly scalers: readonly { readonly type: string; readonly parameters: readonly TriggerParameter[] }[];
  };
  return scalers.find((scaler) => scaler.type === type)?.parameters ?? [];
}

export interface TriggerParameter {
  readonly name: string;
  readonly optional?: boolean;
  readonly default?: string;
  readonly metadataVariableReadable?: boolean;
  readonly triggerAuthenticationVariableReadable?: boolean;
}

/** The pods that the Pod Security Standards themselves name as fit or unfit for a level; none without the data. */
export function podSecurityFixtures(
  verdict: 'pass' | 'fail',
  level: 'baseline' | 'restricted' = 'restricted',
): readonly (readonly [file: string, pod: Manifest])[] {
  const folder = join(DATA, 'policy/pod-security', level, 'v1.37', verdict);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => [file, parse(readFileSync(join(folder, file), 'utf8')) as Manifest]);
}

const DURATIONS: readonly string[] = ['maxAge', 'duplicateWindow', 'ackWait'];
const RENAMED: Readonly<Record<string, string>> = { replicas: 'num_replicas', allowMsgTtl: 'allow_msg_ttl' };
const OWN: readonly string[] = ['preventDelete', 'streamName'];

/** What NACK hands to the server: its own fields aside, in snake case, durations in nanoseconds. */
export function asNackApplies(spec: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(spec)
      .filter(([key]) => !OWN.includes(key))
      .map(([key, value]) => [
        RENAMED[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        DURATIONS.includes(key) ? (goDurationMs(value as string) ?? Number.NaN) * 1_000_000 : value,
      ]),
  );
}
