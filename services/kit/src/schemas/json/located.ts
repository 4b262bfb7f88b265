import { malformed, stableJson } from '../schema.ts';
import {
  canonicalJsonSchema,
  type JsonSchema,
  type JsonSchemaDraft,
  type JsonSchemaNode,
  ROOT_DOCUMENT,
} from './parse.ts';

type Keywords = Readonly<Record<string, unknown>>;

/** Keywords that assert something from a draft on; before it they are text. */
const SINCE: Readonly<Record<string, readonly JsonSchemaDraft[]>> = {
  prefixItems: ['2020-12'],
  $dynamicRef: ['2020-12'],
  $recursiveRef: ['2019-09'],
  dependentRequired: ['2019-09', '2020-12'],
  dependentSchemas: ['2019-09', '2020-12'],
  unevaluatedProperties: ['2019-09', '2020-12'],
  unevaluatedItems: ['2019-09', '2020-12'],
  minContains: ['2019-09', '2020-12'],
  maxContains: ['2019-09', '2020-12'],
  additionalItems: ['draft-06', 'draft-07', '2019-09'],
};

/** One part of a JSON Schema and where it stands, so that what it refers to can be found. */
export class LocatedNode {
  readonly node: JsonSchemaNode;
  readonly schema: JsonSchema;
  readonly document: string;
  readonly pointer: string;
  /** Keywords that were taken out, since they are treated apart. */
  readonly #without: readonly string[];

  constructor(
    schema: JsonSchema,
    document: string,
    pointer: string,
    node: JsonSchemaNode,
    without: readonly string[] = [],
  ) {
    this.schema = schema;
    this.document = document;
    this.pointer = pointer;
    this.node = node;
    this.#without = without;
  }

  static root(schema: JsonSchema): LocatedNode {
    return new LocatedNode(schema, ROOT_DOCUMENT, '', schema.node);
  }

  /** The same for the same part of the same schema. */
  get key(): string {
    return `${this.document}#${this.pointer}${this.#without.map((keyword) => `-${keyword}`).join('')}`;
  }

  get keywords(): Keywords {
    if (typeof this.node === 'boolean') return {};
    return this.node;
  }

  /** The value of a keyword that asserts something in this draft. */
  value(keyword: string): unknown {
    if (this.#without.includes(keyword) || SINCE[keyword]?.includes(this.schema.draft) === false) return undefined;
    const node = this.keywords;
    return Object.hasOwn(node, keyword) ? node[keyword] : undefined;
  }

  number(keyword: string): number | undefined {
    const value = this.value(keyword);
    return typeof value === 'number' ? value : undefined;
  }

  /** The part that one keyword holds. */
  part(keyword: string): LocatedNode | undefined {
    const value = this.value(keyword);
    return isNode(value) ? this.#at([keyword], value) : undefined;
  }

  /** The parts that one keyword holds in order, e.g. of `allOf`. */
  list(keyword: string): readonly LocatedNode[] {
    const value = this.value(keyword);
    return Array.isArray(value)
      ? value.map((node, index) => this.#at([keyword, String(index)], node as JsonSchemaNode))
      : [];
  }

  /** The parts that one keyword holds by name, e.g. of `properties`. */
  map(keyword: string): ReadonlyMap<string, LocatedNode> {
    const value = this.value(keyword);
    if (typeof value !== 'object' || value === null) return new Map();
    return new Map(
      Object.entries(value)
        .filter(([, node]) => isNode(node))
        .map(([name, node]) => [name, this.#at([keyword, name], node as JsonSchemaNode)]),
    );
  }

  without(keyword: string): LocatedNode {
    return new LocatedNode(this.schema, this.document, this.pointer, this.node, [...this.#without, keyword]);
  }

  /** A part that stands nowhere, beside this one. */
  beside(node: JsonSchemaNode): LocatedNode {
    return new LocatedNode(this.schema, stableJson(node), '', node);
  }

  /** What `$ref` points to; undefined where it is by an anchor or an embedded `$id`. */
  target(): LocatedNode | undefined {
    const [name = '', pointer = ''] = String(this.value('$ref')).split('#');
    const document = name === '' ? this.document : name;
    let node: unknown = this.schema.documents.get(document);
    if (node === undefined || (pointer !== '' && !pointer.startsWith('/'))) return undefined;
    const steps = pointer
      .split('/')
      .slice(1)
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    for (const step of steps) {
      if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
      node = (node as Keywords)[step];
    }
    return isNode(node) ? new LocatedNode(this.schema, document, pointer, node) : undefined;
  }

  /** Whether a value is valid here. @throws {KitError} `schema-malformed` for a part that stands nowhere */
  accepts(value: unknown): boolean {
    if (this.#without.length > 0) throw malformed('JSON', `${this.key} stands nowhere`);
    if (typeof this.node === 'boolean') return this.node;
    return this.schema.validatorOf(this.document, this.pointer)(value) === true;
  }

  /** Its text in one spelling; undefined where that says not all, since it refers to others. */
  get text(): string | undefined {
    const text = canonicalJsonSchema(this.node);
    return this.#without.length > 0 || /"\$(?:ref|dynamicRef|recursiveRef)":/.test(text) ? undefined : text;
  }

  #at(steps: readonly string[], node: JsonSchemaNode): LocatedNode {
    const pointer = steps
      .map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
      .join('');
    return new LocatedNode(this.schema, this.document, `${this.pointer}${pointer}`, node);
  }
}

const isNode = (value: unknown): value is JsonSchemaNode =>
  typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
