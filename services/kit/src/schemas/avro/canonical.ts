import { stableJson } from '../schema.ts';
import type { AvroField, AvroNode } from './node.ts';

/** Everything that a schema says, in one spelling: names in full, attributes in order, each name defined once. */
export function canonicalAvro(node: AvroNode): string {
  const written = new Set<string>();
  const write = (at: AvroNode): unknown => {
    if (at.kind === 'union') return at.branches.map(write);
    if (at.kind === 'primitive') return Object.keys(at.extra).length === 0 ? at.type : { ...at.extra, type: at.type };
    if (at.kind === 'array') return { ...at.extra, type: 'array', items: write(at.items) };
    if (at.kind === 'map') return { ...at.extra, type: 'map', values: write(at.values) };
    if (written.has(at.name)) return at.name;
    written.add(at.name);
    const named = { ...at.extra, type: at.kind, name: at.name, doc: at.doc, ...aliasesOf(at.aliases) };
    if (at.kind === 'enum') return { ...named, symbols: at.symbols, default: at.default };
    if (at.kind === 'fixed') return { ...named, size: at.size };
    return { ...named, fields: at.fields.map((field) => writeField(field, write)) };
  };
  return stableJson(write(node));
}

const writeField = ({ name, doc, aliases, extra, type, ...field }: AvroField, write: (node: AvroNode) => unknown) => ({
  ...extra,
  name,
  doc,
  ...aliasesOf(aliases),
  type: write(type),
  ...(field.hasDefault ? { default: field.default } : {}),
});

const aliasesOf = (aliases: readonly string[]) => (aliases.length === 0 ? {} : { aliases: [...aliases].sort() });

/** The Parsing Canonical Form of the Avro specification: what a reader needs to parse, and nothing else. */
export function parsingCanonicalForm(node: AvroNode): string {
  const written = new Set<string>();
  const write = (at: AvroNode): string => {
    if (at.kind === 'union') return `[${at.branches.map(write).join(',')}]`;
    if (at.kind === 'primitive') return JSON.stringify(at.type);
    if (at.kind === 'array') return `{"type":"array","items":${write(at.items)}}`;
    if (at.kind === 'map') return `{"type":"map","values":${write(at.values)}}`;
    if (written.has(at.name)) return JSON.stringify(at.name);
    written.add(at.name);
    const head = `{"name":${JSON.stringify(at.name)},"type":"${at.kind}"`;
    if (at.kind === 'enum') return `${head},"symbols":${JSON.stringify(at.symbols)}}`;
    if (at.kind === 'fixed') return `${head},"size":${at.size}}`;
    const fields = at.fields.map(({ name, type }) => `{"name":${JSON.stringify(name)},"type":${write(type)}}`);
    return `${head},"fields":[${fields.join(',')}]}`;
  };
  return write(node);
}

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (value & 1n ? EMPTY : 0n);
  return value;
});

/** CRC-64-AVRO, the Rabin fingerprint of the Avro specification, of a schema's Parsing Canonical Form. */
export function rabinFingerprint(node: AvroNode): bigint {
  let value = EMPTY;
  for (const byte of Buffer.from(parsingCanonicalForm(node)))
    value = (value >> 8n) ^ (TABLE[Number((value ^ BigInt(byte)) & 0xffn)] as bigint);
  return value;
}
