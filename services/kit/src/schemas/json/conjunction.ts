import type { LocatedNode } from './located.ts';

const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;

export type JsonType = (typeof TYPES)[number];

/** Parts of a schema that all hold at once. */
export class Conjunction {
  readonly parts: readonly LocatedNode[];

  constructor(parts: readonly LocatedNode[]) {
    this.parts = flatten(parts);
  }

  get key(): string {
    return [...new Set(this.parts.map(({ key }) => key))].sort().join(' & ');
  }

  /** Nothing is valid. */
  get isNever(): boolean {
    return this.parts.some(({ node }) => node === false) || this.types.size === 0;
  }

  /** The types a value may have; `number` stands for those that are no whole numbers, too. */
  get types(): ReadonlySet<JsonType> {
    let types: readonly JsonType[] = TYPES;
    for (const part of this.parts) {
      const type = part.value('type');
      if (type === undefined) continue;
      const listed = (Array.isArray(type) ? type : [type]) as readonly JsonType[];
      const named = listed.includes('number') ? [...listed, 'integer'] : listed;
      types = types.filter((known) => named.includes(known));
    }
    return new Set(types);
  }

  /** All values there can be; undefined where they are not listed. */
  get values(): readonly unknown[] | undefined {
    for (const part of this.parts) {
      if (part.value('const') !== undefined) return this.#valid([part.value('const')]);
      const listed = part.value('enum');
      if (Array.isArray(listed)) return this.#valid(listed);
    }
    const types = [...this.types];
    if (types.some((type) => type !== 'null' && type !== 'boolean')) return undefined;
    return this.#valid(types.flatMap((type): readonly unknown[] => (type === 'null' ? [null] : [true, false])));
  }

  /** The tightest of a limit that rises, or that falls. */
  highest = (keyword: string): number | undefined => maximum(this.parts.map((part) => part.number(keyword)));
  lowest = (keyword: string): number | undefined => {
    const least = maximum(this.parts.map((part) => negated(part.number(keyword))));
    return negated(least);
  };

  requires(name: string): boolean {
    return this.parts.some(
      (part) => (part.value('required') as readonly string[] | undefined)?.includes(name) === true,
    );
  }

  get required(): readonly string[] {
    return [...new Set(this.parts.flatMap((part) => (part.value('required') ?? []) as readonly string[]))];
  }

  /** All that holds for a property of this name. */
  property(name: string): Conjunction {
    return new Conjunction(this.parts.flatMap((part) => propertyParts(part, name)));
  }

  /** Each of what may hold for a property of a name that no part spells out, except by the patterns given. */
  unnamed(except: readonly string[] = []): readonly Conjunction[] {
    const rest = this.parts.flatMap((part) => part.part('additionalProperties') ?? []);
    const patterns = this.parts.flatMap((part) =>
      [...part.map('patternProperties')].filter(([pattern]) => !except.includes(pattern)),
    );
    if (patterns.length === 0) return [new Conjunction(rest)];
    // Where a pattern of one part matches, that part's `additionalProperties` does not hold.
    return [new Conjunction(rest), ...patterns.map(([, node]) => new Conjunction([node]))];
  }

  /** All that holds for an item at an index. */
  item(index: number): Conjunction {
    return new Conjunction(
      this.parts.flatMap((part) => {
        const { prefix, rest } = itemsOf(part);
        return prefix[index] ?? rest ?? [];
      }),
    );
  }

  get longestPrefix(): number {
    return Math.max(0, ...this.parts.map((part) => itemsOf(part).prefix.length));
  }

  /** The cases of the first part that has some, each with all the rest; undefined where nothing is left to split. */
  cases(): readonly Conjunction[] | undefined {
    for (const [index, part] of this.parts.entries()) {
      const keyword = ['anyOf', 'oneOf'].find((known) => Array.isArray(part.value(known)));
      if (keyword === undefined) continue;
      const others = this.parts.filter((_, at) => at !== index);
      return part.list(keyword).map((branch) => new Conjunction([...others, part.without(keyword), branch]));
    }
    const types = [...this.types];
    const [first] = this.parts;
    if (first === undefined || types.length < 2) return undefined;
    const split = types.includes('number') ? types.filter((type) => type !== 'integer') : types;
    if (split.length < 2) return undefined;
    return split.map((type) => new Conjunction([...this.parts, first.beside({ type })]));
  }

  #valid(values: readonly unknown[]): readonly unknown[] {
    const standing = this.parts.filter((part) => part.text !== undefined);
    return values.filter((value) => standing.every((part) => part.document.startsWith('{') || part.accepts(value)));
  }
}

/** Those of `allOf` and of `$ref` beside what they stood in, which is left without them. */
function flatten(parts: readonly LocatedNode[]): readonly LocatedNode[] {
  const met = new Set<string>();
  const found = new Map<string, LocatedNode>();
  const visit = (part: LocatedNode): void => {
    if (met.has(part.key) || part.node === true) return;
    met.add(part.key);
    const inner = part.list('allOf');
    const target = part.value('$ref') === undefined ? undefined : part.target();
    const bare = inner.length > 0 ? part.without('allOf') : part;
    const own = target === undefined ? bare : bare.without('$ref');
    found.set(own.key, own);
    for (const each of inner) visit(each);
    if (target !== undefined) visit(target);
  };
  for (const part of parts) visit(part);
  return [...found.values()];
}

function propertyParts(part: LocatedNode, name: string): readonly LocatedNode[] {
  const own = part.map('properties').get(name);
  const matching = [...part.map('patternProperties')].filter(([pattern]) => new RegExp(pattern, 'u').test(name));
  const found = [...(own === undefined ? [] : [own]), ...matching.map(([, node]) => node)];
  if (found.length > 0) return found;
  const rest = part.part('additionalProperties');
  return rest === undefined ? [] : [rest];
}

/** Items by their places, and those after; the drafts spell it in two ways. */
export function itemsOf(part: LocatedNode): {
  readonly prefix: readonly LocatedNode[];
  readonly rest: LocatedNode | undefined;
} {
  if (Array.isArray(part.value('items'))) return { prefix: part.list('items'), rest: part.part('additionalItems') };
  return { prefix: part.list('prefixItems'), rest: part.part('items') };
}

const negated = (value: number | undefined): number | undefined => (value === undefined ? undefined : -value);

function maximum(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}
