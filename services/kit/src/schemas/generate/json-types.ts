import { itemsOf } from '../json/conjunction.ts';
import { LocatedNode } from '../json/located.ts';
import type { JsonSchema } from '../json/parse.ts';
import { ROOT_DOCUMENT } from '../json/parse.ts';
import { docText, list, literal, type MemberText, members, type TypeNames, union } from './type-text.ts';

/** Declarations of a schema and of every definition that it refers to, and the type that stands for the whole. */
export function jsonTypes(
  schema: JsonSchema,
  subject: string,
  names: TypeNames,
  written: Set<string>,
): { readonly type: string; readonly declarations: string } {
  const declarations: string[] = [];
  const declare = (node: LocatedNode, wanted: string): string => {
    const name = names.of(`json ${node.document === ROOT_DOCUMENT ? subject : ''}${node.key}`, wanted);
    if (written.has(name)) return name;
    written.add(name);
    const place = declarations.push('') - 1;
    const doc = docText(textOf(node, 'description'));
    const plain = plainMembers(node);
    declarations[place] =
      plain === undefined
        ? `${doc}export type ${name} = ${typeOf(node)};\n`
        : `${doc}export interface ${name} {\n${members(plain)}}\n`;
    return name;
  };
  const typeOf = (node: LocatedNode): string => {
    if (typeof node.node === 'boolean') return node.node ? 'unknown' : 'never';
    if (node.value('const') !== undefined) return literal(node.value('const'));
    const listed = node.value('enum');
    if (Array.isArray(listed)) return union(listed.map(literal));
    const parts: string[] = [];
    if (node.value('$ref') !== undefined) {
      const target = node.target();
      parts.push(
        target === undefined
          ? 'unknown'
          : declare(
              target,
              target.pointer === ''
                ? (textOf(target, 'title') ?? target.document.replace(/\.json$/, ''))
                : (target.pointer.split('/').at(-1) ?? ''),
            ),
      );
    }
    parts.push(...node.list('allOf').map(typeOf));
    for (const keyword of ['anyOf', 'oneOf'] as const)
      if (node.value(keyword) !== undefined) parts.push(union(node.list(keyword).map(typeOf)));
    const own = ownType(node);
    if (own !== 'unknown' || parts.length === 0) parts.push(own);
    const known = [...new Set(parts)].filter((part) => part !== 'unknown');
    if (known.length === 0) return 'unknown';
    return known.length === 1
      ? (known[0] as string)
      : known.map((part) => (/ \| /.test(part) ? `(${part})` : part)).join(' & ');
  };
  const ownType = (node: LocatedNode): string => {
    const named = node.value('type');
    const types =
      named === undefined ? (node.value('properties') === undefined ? [] : ['object']) : [named].flat().map(String);
    return types.length === 0 ? 'unknown' : union(types.map((type) => typeNamed(node, type)));
  };
  const typeNamed = (node: LocatedNode, type: string): string => {
    if (type === 'integer' || type === 'number') return 'number';
    if (type === 'string' || type === 'boolean' || type === 'null') return type;
    if (type === 'array') {
      const { prefix, rest } = itemsOf(node);
      if (prefix.length === 0) return list(rest === undefined ? 'unknown' : typeOf(rest));
      const least = node.number('minItems') ?? 0;
      const places = prefix.map((part, index) => `${typeOf(part)}${index < least ? '' : '?'}`);
      const isEnded = rest?.node === false || (node.number('maxItems') ?? Number.POSITIVE_INFINITY) <= prefix.length;
      return `readonly [${places.join(', ')}${isEnded ? '' : `, ...${list(rest === undefined ? 'unknown' : typeOf(rest)).replace(/^readonly /, '')}`}]`;
    }
    const held = membersOf(node);
    const rest = node.part('additionalProperties');
    if (held.length > 0)
      return `{ ${held
        .map(({ name, type: inner, isOptional }) =>
          members([{ name, type: inner, isOptional }], '')
            .trim()
            .replace(/;$/, ''),
        )
        .join('; ')} }`;
    return `Readonly<Record<string, ${rest === undefined ? 'unknown' : typeOf(rest)}>>`;
  };
  const membersOf = (node: LocatedNode): readonly MemberText[] => {
    const required = (node.value('required') ?? []) as readonly string[];
    return [...node.map('properties')].map(([name, part]) => ({
      name,
      type: typeOf(part),
      isOptional: !required.includes(name),
      doc: textOf(part, 'description'),
    }));
  };
  /** Members where the schema is one object and nothing else. */
  const plainMembers = (node: LocatedNode): readonly MemberText[] | undefined => {
    const isPlain = ['$ref', 'allOf', 'anyOf', 'oneOf', 'enum', 'const'].every(
      (keyword) => node.value(keyword) === undefined,
    );
    const isObject =
      node.value('type') === 'object' || (node.value('type') === undefined && node.value('properties') !== undefined);
    const held = isPlain && isObject ? membersOf(node) : [];
    return held.length > 0 ? held : undefined;
  };
  const root = LocatedNode.root(schema);
  const type = declare(root, textOf(root, 'title') ?? subject);
  return { type, declarations: declarations.join('\n') };
}

const textOf = (node: LocatedNode, keyword: string): string | undefined => {
  const value = node.value(keyword);
  return typeof value === 'string' ? value : undefined;
};
