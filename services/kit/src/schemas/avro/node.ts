import { isObject, type JsonObject, malformed } from '../schema.ts';

export const AVRO_PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

export type AvroPrimitive = (typeof AVRO_PRIMITIVES)[number];

/** What a node carries beside its type: `logicalType` and its own, and what nobody but its author knows. */
interface Annotated {
  readonly extra: JsonObject;
}

interface Named {
  /** With its namespace. */
  readonly name: string;
  /** With their namespaces. */
  readonly aliases: readonly string[];
  readonly doc: string | undefined;
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc: string | undefined;
  readonly type: AvroNode;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly extra: JsonObject;
}

export interface AvroRecord extends Named, Annotated {
  readonly kind: 'record';
  /** Filled after the record is known by its name, since it may hold itself. */
  readonly fields: AvroField[];
}

export interface AvroEnum extends Named, Annotated {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface AvroFixed extends Named, Annotated {
  readonly kind: 'fixed';
  readonly size: number;
}

/** A schema with its names resolved: a name that is used again is the same object again. */
export type AvroNode =
  | ({ readonly kind: 'primitive'; readonly type: AvroPrimitive } & Annotated)
  | AvroRecord
  | AvroEnum
  | AvroFixed
  | ({ readonly kind: 'array'; readonly items: AvroNode } & Annotated)
  | ({ readonly kind: 'map'; readonly values: AvroNode } & Annotated)
  | { readonly kind: 'union'; readonly branches: readonly AvroNode[] };

const KNOWN = new Set('type name namespace aliases doc fields symbols default size items values order'.split(' '));

/** Reads schemas that know each other's names. Whether they are sound otherwise the codec's library says. */
export class AvroNames {
  readonly #named = new Map<string, AvroRecord | AvroEnum | AvroFixed>();

  /** @throws {KitError} `schema-malformed` for a name that nothing has, or what is no schema at all */
  read(schema: unknown, namespace = ''): AvroNode {
    if (typeof schema === 'string') return this.#byName(schema, namespace);
    if (Array.isArray(schema)) return { kind: 'union', branches: schema.map((branch) => this.read(branch, namespace)) };
    if (!isObject(schema)) throw malformed('AVRO', `received ${JSON.stringify(schema)} where a type belongs`);
    const { type } = schema;
    const extra = Object.fromEntries(Object.entries(schema).filter(([key]) => !KNOWN.has(key)));
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace, extra);
      case 'enum':
        return this.#define(schema, namespace, (named) => ({
          kind: 'enum',
          ...named,
          extra,
          symbols: schema['symbols'] as readonly string[],
          default: schema['default'] as string | undefined,
        }));
      case 'fixed':
        return this.#define(schema, namespace, (named) => ({
          kind: 'fixed',
          ...named,
          extra,
          size: schema['size'] as number,
        }));
      case 'array':
        return { kind: 'array', extra, items: this.read(schema['items'], namespace) };
      case 'map':
        return { kind: 'map', extra, values: this.read(schema['values'], namespace) };
      default: {
        const node = this.read(type, namespace);
        return node.kind === 'primitive' ? { ...node, extra } : node;
      }
    }
  }

  #byName(name: string, namespace: string): AvroNode {
    const primitive = AVRO_PRIMITIVES.find((known) => known === name);
    if (primitive !== undefined) return { kind: 'primitive', type: primitive, extra: {} };
    const node = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (node === undefined)
      throw malformed('AVRO', `no type ${JSON.stringify(fullName(name, namespace))} is defined before its use`);
    return node;
  }

  #record(schema: JsonObject, namespace: string, extra: JsonObject): AvroNode {
    const record = this.#define(schema, namespace, (named) => ({
      kind: 'record',
      ...named,
      extra,
      fields: [] as AvroField[],
    }));
    const inside = namespaceOf(record.name);
    for (const field of schema['fields'] as readonly JsonObject[]) {
      record.fields.push({
        name: field['name'] as string,
        aliases: (field['aliases'] ?? []) as readonly string[],
        doc: field['doc'] as string | undefined,
        type: this.read(field['type'], inside),
        hasDefault: field['default'] !== undefined,
        default: field['default'],
        extra: Object.fromEntries(
          Object.entries(field).filter(([key, value]) => !KNOWN.has(key) || (key === 'order' && value !== 'ascending')),
        ),
      });
    }
    return record;
  }

  #define<T extends AvroRecord | AvroEnum | AvroFixed>(
    schema: JsonObject,
    outer: string,
    make: (named: Named) => T,
  ): T {
    const name = fullName(schema['name'] as string, (schema['namespace'] as string | undefined) ?? outer);
    const node = make({
      name,
      aliases: ((schema['aliases'] ?? []) as readonly string[]).map((alias) => fullName(alias, namespaceOf(name))),
      doc: schema['doc'] as string | undefined,
    });
    this.#named.set(name, node);
    return node;
  }
}

export const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

export const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
