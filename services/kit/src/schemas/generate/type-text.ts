/** TypeScript in one style, so that the same schema is always the same text. */

export const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

export const keyText = (name: string): string => (IDENTIFIER.test(name) ? name : quoted(name));

/** A text as a literal. */
export const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

/** A value of JSON as a literal type. */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `readonly [${value.map(literal).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, held]) => `readonly ${keyText(key)}: ${literal(held)}`)
    .join('; ')} }`;
}

/** One of several; each once, in the order given. */
export function union(types: readonly string[]): string {
  const each = [...new Set(types)].filter((type) => type !== 'never');
  if (each.includes('unknown')) return 'unknown';
  return each.length === 0 ? 'never' : each.join(' | ');
}

export const list = (type: string): string => (/^[\w.]+$/.test(type) ? `readonly ${type}[]` : `readonly (${type})[]`);

export interface MemberText {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly doc?: string | undefined;
}

/** What an object has, one line each. */
export function members(all: readonly MemberText[], indent = '  '): string {
  return all
    .map(
      ({ name, type, isOptional, doc }) =>
        `${docText(doc, indent)}${indent}readonly ${keyText(name)}${isOptional ? '?' : ''}: ${type};\n`,
    )
    .join('');
}

/** A doc comment; nothing in it can end it. */
export function docText(doc: string | undefined, indent = ''): string {
  if (doc === undefined || doc.trim() === '') return '';
  const lines = doc
    .trim()
    .replaceAll('*/', '* /')
    .split(/\r?\n/)
    .map((line) => line.trim());
  return lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

/** Names of types, each given once: a name of a schema made one of TypeScript. */
export class TypeNames {
  readonly #taken = new Map<string, string>();

  /** The name for what `key` stands for; the same for the same key. */
  of(key: string, wanted: string): string {
    const known = this.#taken.get(key);
    if (known !== undefined) return known;
    const words = wanted.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
    const joined = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('');
    const plain = /^[A-Za-z]/.test(joined) ? joined : `Type${joined}`;
    const names = [...this.#taken.values()];
    let name = plain;
    for (let count = 2; names.includes(name); count++) name = `${plain}${count}`;
    this.#taken.set(key, name);
    return name;
  }
}
