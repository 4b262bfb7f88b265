import type { AvroNode } from '../avro/node.ts';
import type { AvroSchema } from '../avro/parse.ts';
import { docText, list, members, quoted, type TypeNames, union } from './type-text.ts';

/** Declarations of a schema and of every type that it names, and the type that stands for the whole. */
export function avroTypes(
  { node }: AvroSchema,
  names: TypeNames,
  written: Set<string>,
): { readonly type: string; readonly declarations: string } {
  const declarations: string[] = [];
  const typeOf = (at: AvroNode): string => {
    switch (at.kind) {
      case 'primitive':
        return PRIMITIVES[at.type];
      case 'array':
        return list(typeOf(at.items));
      case 'map':
        return `Readonly<Record<string, ${typeOf(at.values)}>>`;
      case 'union':
        return unionOf(at.branches, typeOf);
      case 'fixed':
        return 'Uint8Array';
      default:
        return declared(at);
    }
  };
  const declared = (at: AvroNode & { readonly kind: 'record' | 'enum' }): string => {
    const name = names.of(`avro ${at.name}`, at.name.slice(at.name.lastIndexOf('.') + 1));
    if (written.has(name)) return name;
    written.add(name);
    const place = declarations.push('') - 1;
    declarations[place] =
      at.kind === 'enum'
        ? `${docText(at.doc)}export type ${name} = ${union(at.symbols.map(quoted))};\n`
        : `${docText(at.doc)}export interface ${name} {\n${members(at.fields.map((field) => ({ name: field.name, type: typeOf(field.type), isOptional: false, doc: field.doc })))}}\n`;
    return name;
  };
  const type = typeOf(node);
  return { type, declarations: declarations.join('\n') };
}

const PRIMITIVES = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
} as const;

/** Where a value does not tell which branch it is of, the codec holds it as an object of one key, its branch's name. */
function unionOf(branches: readonly AvroNode[], typeOf: (node: AvroNode) => string): string {
  const kinds = branches.map(kindOf);
  const isPlain = new Set(kinds).size === kinds.length;
  return union(
    branches.map((branch) => {
      const type = typeOf(branch);
      return isPlain || type === 'null' ? type : `{ readonly ${quoted(nameOf(branch))}: ${type} }`;
    }),
  );
}

/** What JavaScript can tell apart. */
function kindOf(node: AvroNode): string {
  if (node.kind === 'record' || node.kind === 'map') return 'object';
  if (node.kind === 'enum') return 'string';
  if (node.kind === 'fixed') return 'bytes';
  if (node.kind !== 'primitive') return node.kind;
  return ['int', 'long', 'float', 'double'].includes(node.type) ? 'number' : node.type;
}

const nameOf = (node: AvroNode): string =>
  node.kind === 'primitive' ? node.type : 'name' in node ? node.name : node.kind;
