import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import {
  fingerprintOf,
  isObject,
  jsonOf,
  malformed,
  type ParsedSchema,
  readingSchema,
  type SchemaSource,
  stableJson,
} from '../schema.ts';

export type JsonSchemaNode = boolean | { readonly [keyword: string]: unknown };

export interface JsonSchema extends ParsedSchema {
  readonly format: 'JSON';
  readonly node: JsonSchemaNode;
  readonly draft: JsonSchemaDraft;
  /** By the names they are used by, their `$id` included. */
  readonly documents: ReadonlyMap<string, JsonSchemaNode>;
  readonly validate: ValidateFunction;
  /** A validator of one part, by the document it is in and the pointer to it. */
  validatorOf(document: string, pointer: string): ValidateFunction;
}

/** The name of the schema itself among its documents. */
export const ROOT_DOCUMENT = '~root';

export type JsonSchemaDraft = 'draft-06' | 'draft-07' | '2019-09' | '2020-12';

/** A schema that names no draft is read as draft-07. @throws {KitError} `schema-malformed` */
export function parseJsonSchema({ text, imports = {} }: Omit<SchemaSource, 'format'>): JsonSchema {
  return readingSchema('JSON', () => {
    const node = nodeOf(jsonOf('JSON', text), 'the schema');
    const documents = new Map<string, JsonSchemaNode>([[ROOT_DOCUMENT, node]]);
    for (const [name, held] of Object.entries(imports)) {
      const imported = nodeOf(jsonOf('JSON', held), name);
      documents.set(name, imported);
      const id = idOf(imported);
      if (id !== undefined) documents.set(id, imported);
    }
    const draft = draftOf(node);
    const ajv = ajvFor(draft, documents);
    const ownId = idOf(node);
    for (const [name, imported] of documents) {
      if (name === ROOT_DOCUMENT) continue;
      // What a reference is called by is a name here, and is resolved against the schema's own `$id` there.
      const names = new Set([
        name,
        ...(ownId !== undefined && URL.canParse(name, ownId) ? [new URL(name, ownId).href] : []),
      ]);
      for (const each of names) if (each !== idOf(imported)) ajv.addSchema(imported, each);
    }
    if (ownId !== undefined) documents.set(ownId, node);
    ajv.addSchema(node, ROOT_DOCUMENT);
    const validatorOf = (document: string, pointer: string): ValidateFunction => {
      const found = ajv.getSchema(pointer === '' ? document : `${document}#${pointer}`);
      if (found === undefined) throw malformed('JSON', `nothing at ${document}#${pointer}`);
      return found;
    };
    const canonical = canonicalJsonSchema(node);
    return {
      format: 'JSON',
      text,
      imports,
      node,
      draft,
      documents,
      canonical,
      validate: validatorOf(ROOT_DOCUMENT, ''),
      validatorOf,
      fingerprint: fingerprintOf(
        'JSON',
        canonical,
        Object.values(imports).map((held) => canonicalJsonSchema(JSON.parse(held) as JsonSchemaNode)),
      ),
    };
  });
}

function nodeOf(value: unknown, what: string): JsonSchemaNode {
  if (typeof value === 'boolean' || isObject(value)) return value;
  throw malformed('JSON', `${what}: received ${JSON.stringify(value)}, expected an object or a boolean`);
}

function idOf(node: JsonSchemaNode): string | undefined {
  const id = typeof node === 'boolean' ? undefined : node['$id'];
  return typeof id === 'string' ? id.replace(/#$/, '') : undefined;
}

function draftOf(node: JsonSchemaNode): JsonSchemaDraft {
  const named = typeof node === 'boolean' ? undefined : node['$schema'];
  if (named === undefined) return 'draft-07';
  const draft = /(draft-06|draft-07|2019-09|2020-12)/.exec(String(named))?.[1];
  if (draft === undefined)
    throw malformed(
      'JSON',
      `$schema: received ${JSON.stringify(named)}, expected draft-06, draft-07, 2019-09 or 2020-12`,
    );
  return draft as JsonSchemaDraft;
}

const OPTIONS = { strict: false, allErrors: true, logger: false } as const;

const DRAFT_06 = 'http://json-schema.org/draft-06/schema#';

const CLASSES = { 'draft-06': Ajv, 'draft-07': Ajv, '2019-09': Ajv2019, '2020-12': Ajv2020 } as const;

/** Judges of schemas, one a draft: making one costs a hundred times what judging does. */
const judges = new Map<JsonSchemaDraft, Ajv>();

function judgeOf(draft: JsonSchemaDraft): Ajv {
  const known = judges.get(draft);
  if (known !== undefined) return known;
  const judge = new CLASSES[draft](OPTIONS) as Ajv;
  // What differs between the two drafts is that draft-07 knows more keywords.
  if (draft === 'draft-06') judge.addMetaSchema({ $id: DRAFT_06, $ref: 'http://json-schema.org/draft-07/schema#' });
  judges.set(draft, judge);
  return judge;
}

/** @throws {KitError} `schema-malformed` for a document that its draft does not allow */
function ajvFor(draft: JsonSchemaDraft, documents: ReadonlyMap<string, JsonSchemaNode>): Ajv {
  const judge = judgeOf(draft);
  for (const [name, node] of documents) {
    if (judge.validateSchema(node) === true) continue;
    const faults = judge.errorsText(judge.errors, { dataVar: '' });
    throw malformed('JSON', name === ROOT_DOCUMENT ? faults : `${name}: ${faults}`);
  }
  const ajv = new CLASSES[draft]({ ...OPTIONS, meta: false, validateSchema: false }) as Ajv;
  formats.default(ajv as never);
  return ajv;
}

/** Lists that are sets, whatever they hold. */
const SETS = new Set(['required', 'type']);

/** What they hold are values, in which order counts, not schemas. */
const VALUES = new Set(['const', 'enum', 'default', 'examples']);

/** Keys in order, sets in order. */
export function canonicalJsonSchema(node: JsonSchemaNode): string {
  const write = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) {
      const items = value.map((item) => write(item, ''));
      return SETS.has(key) ? items.sort((a, b) => (stableJson(a) < stableJson(b) ? -1 : 1)) : items;
    }
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, held]) => [name, VALUES.has(name) ? held : write(held, name)]),
    );
  };
  return stableJson(write(node, ''));
}
