import type { Incompatibility, IncompatibilityRule } from '../incompatibility.ts';
import { Conjunction, itemsOf, type JsonType } from './conjunction.ts';
import { disjoint } from './disjoint.ts';
import { LocatedNode } from './located.ts';
import type { JsonSchema } from './parse.ts';

/**
 * Why a value that the writer's schema allows may not be valid under the reader's; empty where every one is. It proves
 * inclusion or says what it could not prove: what it calls readable is, and a fault may be one of the proof.
 */
export function jsonIncompatibilities(reader: JsonSchema, writer: JsonSchema): readonly Incompatibility[] {
  if (reader.fingerprint === writer.fingerprint) return [];
  return new Inclusion().prove(new Conjunction([LocatedNode.root(writer)]), LocatedNode.root(reader));
}

const MOST_LOOKS = 50_000;

/** Keywords that are equal on both sides or not compared. */
const WHOLE = [
  'if',
  'dependentSchemas',
  'unevaluatedProperties',
  'unevaluatedItems',
  '$dynamicRef',
  '$recursiveRef',
  'minContains',
  'maxContains',
];

const LOWER = { minimum: 'number', minLength: 'string', minItems: 'array', minProperties: 'object' } as const;
const UPPER = { maximum: 'number', maxLength: 'string', maxItems: 'array', maxProperties: 'object' } as const;

type Faults = readonly Incompatibility[];

class Inclusion {
  /** What was proved or refuted. */
  readonly #known = new Map<string, Faults>();
  /** What is being proved, by how deep in the value it is. */
  readonly #open = new Map<string, number>();
  #depth = 0;
  #looks = 0;

  prove(writer: Conjunction, reader: LocatedNode): Faults {
    if (reader.node === true || writer.isNever) return [];
    if (reader.text !== undefined && writer.parts.some((part) => part.text === reader.text)) return [];
    this.#looks += 1;
    if (this.#looks > MOST_LOOKS)
      return [
        fault(reader, 'not-comparable', `${MOST_LOOKS} looks did not end the comparison`, 'use fewer cases in cases'),
      ];
    const key = `${writer.key} < ${reader.key}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const since = this.#open.get(key);
    // A schema that holds itself: values end, so it holds if it holds wherever it does not lead to itself.
    if (since !== undefined && since < this.#depth) return [];
    if (since !== undefined)
      return [
        fault(
          reader,
          'not-comparable',
          'it is itself, without a step into the value',
          'leave out what refers to itself',
        ),
      ];
    const before = this.#known.size;
    this.#open.set(key, this.#depth);
    const faults = this.#byCases(writer, reader);
    this.#open.delete(key);
    // What was proved meanwhile may rest on this one, which does not hold.
    if (faults.length > 0) for (const later of [...this.#known.keys()].slice(before)) this.#known.delete(later);
    this.#known.set(key, faults);
    return faults;
  }

  /** As `prove`, of what is held by the value. */
  #inside(writer: Conjunction, reader: LocatedNode): Faults {
    this.#depth += 1;
    const faults = this.prove(writer, reader);
    this.#depth -= 1;
    return faults;
  }

  #byCases(writer: Conjunction, reader: LocatedNode): Faults {
    const values = writer.values;
    if (values !== undefined) return valuesRefused(values, reader);
    if (reader.node === false)
      return [
        fault(
          reader,
          'type-narrowed',
          'nothing is valid here, but something may have been written',
          'allow what was written',
        ),
      ];
    const direct = this.#keywords(writer, reader);
    if (direct.length === 0) return [];
    // What fails as a whole may hold in every case, each for a reason of its own.
    const cases = isSplittable(direct) ? writer.cases() : undefined;
    if (cases === undefined) return direct;
    const ofCases = cases.flatMap((one) => this.prove(one, reader));
    return ofCases.length === 0
      ? []
      : unique(writer.parts.some((part) => part.value('oneOf') ?? part.value('anyOf')) ? ofCases : direct);
  }

  #keywords(writer: Conjunction, reader: LocatedNode): Faults {
    return [
      ...this.#composition(writer, reader),
      ...typeFaults(writer, reader),
      ...listedFaults(reader),
      ...limitFaults(writer, reader),
      ...(writer.types.has('string') ? sameText(writer, reader, ['pattern', 'format']) : []),
      ...(writer.types.has('array') ? this.#items(writer, reader) : []),
      ...(writer.types.has('object') ? this.#properties(writer, reader) : []),
    ];
  }

  #composition(writer: Conjunction, reader: LocatedNode): Faults {
    const faults: Incompatibility[] = WHOLE.filter((keyword) => reader.value(keyword) !== undefined).map((keyword) =>
      fault(
        reader,
        'not-comparable',
        `${keyword} is compared only where both sides are the same text`,
        `keep what stands beside ${keyword} as it was`,
      ),
    );
    for (const part of reader.list('allOf')) faults.push(...this.prove(writer, part));
    if (reader.value('$ref') !== undefined) {
      const target = reader.target();
      if (target !== undefined) faults.push(...this.prove(writer, target));
      else
        faults.push(
          fault(
            reader,
            'not-comparable',
            `$ref ${String(reader.value('$ref'))} is by an anchor or an embedded $id`,
            'refer by a JSON pointer',
          ),
        );
    }
    if (reader.value('anyOf') !== undefined) faults.push(...this.#someBranch(writer, reader, 'anyOf'));
    if (reader.value('oneOf') !== undefined) faults.push(...this.#someBranch(writer, reader, 'oneOf'));
    const not = reader.part('not');
    if (
      not !== undefined &&
      !disjoint(writer, new Conjunction([not])) &&
      !writer.parts.some((part) => isSameText(part.part('not'), not))
    )
      faults.push(
        fault(not, 'constraint-added', 'what was written is not shown to be outside of `not`', 'keep `not` as it was'),
      );
    return faults;
  }

  #someBranch(writer: Conjunction, reader: LocatedNode, keyword: 'anyOf' | 'oneOf'): Faults {
    const branches = reader.list(keyword);
    const tries = branches.map((branch) => this.prove(writer, branch));
    const index = tries.findIndex((faults) => faults.length === 0);
    if (index < 0) {
      const closest = tries.reduce((best, faults) => (faults.length < best.length ? faults : best), tries[0] ?? []);
      const why = closest.map(({ path, message }) => `${path}: ${message}`).join('; ');
      return [
        fault(
          reader,
          'branch-missing',
          `no branch of ${keyword} takes all that was written (the closest: ${why})`,
          'add a branch for what was written',
          keyword,
        ),
      ];
    }
    if (keyword === 'anyOf') return [];
    const overlapping = branches.findIndex(
      (branch, at) => at !== index && !disjoint(writer, new Conjunction([branch])),
    );
    if (overlapping < 0) return [];
    return [
      fault(
        reader,
        'branch-missing',
        `what branch ${index} of oneOf takes is not shown to be refused by branch ${overlapping}, and two make it invalid`,
        'use anyOf, or tell the branches apart by a required property with a const',
        keyword,
      ),
    ];
  }

  #items(writer: Conjunction, reader: LocatedNode): Faults {
    const { prefix, rest } = itemsOf(reader);
    const most = writer.lowest('maxItems') ?? Number.POSITIVE_INFINITY;
    const spelled = Math.max(prefix.length, writer.longestPrefix);
    const faults: Incompatibility[] = [];
    for (let index = 0; index < Math.min(spelled, most); index++) {
      const wanted = prefix[index] ?? rest;
      if (wanted !== undefined) faults.push(...this.#inside(writer.item(index), wanted));
    }
    if (rest !== undefined && most > spelled) faults.push(...this.#inside(writer.item(spelled), rest));
    if (
      reader.value('uniqueItems') === true &&
      most > 1 &&
      !writer.parts.some((part) => part.value('uniqueItems') === true)
    )
      faults.push(
        fault(reader, 'items-narrowed', 'equal items may have been written', 'leave out uniqueItems', 'uniqueItems'),
      );
    const contains = reader.part('contains');
    const held = writer.parts
      .filter((part) => part.number('minContains') !== 0)
      .flatMap((part) => part.part('contains') ?? []);
    const isHeld = (wanted: LocatedNode): boolean =>
      held.some((part) => this.#inside(new Conjunction([part]), wanted).length === 0) ||
      ((writer.highest('minItems') ?? 0) > 0 && spelled === 0 && this.#inside(writer.item(0), wanted).length === 0);
    if (contains !== undefined && !isHeld(contains))
      faults.push(fault(contains, 'items-narrowed', 'no such item may have been written', 'leave out contains'));
    return faults;
  }

  #properties(writer: Conjunction, reader: LocatedNode): Faults {
    const own = reader.map('properties');
    const patterns = reader.map('patternProperties');
    const rest = reader.part('additionalProperties');
    const required = (reader.value('required') ?? []) as readonly string[];
    const faults: Incompatibility[] = required
      .filter((name) => !writer.requires(name))
      .map((name) =>
        fault(
          reader,
          'property-required',
          `property ${JSON.stringify(name)} is required, but may not have been written`,
          'leave it optional',
          'required',
        ),
      );
    const written = writer.parts.flatMap((part) => [...part.map('properties').keys()]);
    for (const name of new Set([...own.keys(), ...written, ...writer.required])) {
      const wanted = [
        own.get(name),
        ...[...patterns].filter(([pattern]) => new RegExp(pattern, 'u').test(name)).map(([, node]) => node),
      ];
      const known = wanted.filter((node) => node !== undefined);
      for (const node of known.length > 0 ? known : rest === undefined ? [] : [rest])
        faults.push(...this.#inside(writer.property(name), node).map((inner) => named(inner, name, node === rest)));
    }
    for (const [pattern, node] of patterns) {
      const same = writer.parts.flatMap((part) => part.map('patternProperties').get(pattern) ?? []);
      const open = same.length > 0 ? [new Conjunction(same)] : writer.unnamed();
      faults.push(...open.flatMap((held) => this.#inside(held, node)));
    }
    if (rest !== undefined)
      faults.push(...writer.unnamed([...patterns.keys()]).flatMap((held) => this.#inside(held, rest)));
    return [...faults, ...this.#names(writer, reader)];
  }

  #names(writer: Conjunction, reader: LocatedNode): Faults {
    const faults: Incompatibility[] = [];
    const names = reader.part('propertyNames');
    const held = writer.parts.map((part) => part.part('propertyNames')).filter((part) => part !== undefined);
    if (names !== undefined && !held.some((part) => this.#inside(new Conjunction([part]), names).length === 0))
      faults.push(
        fault(names, 'constraint-added', 'properties of other names may have been written', 'leave out propertyNames'),
      );
    for (const keyword of ['dependentRequired', 'dependencies']) {
      const wanted = Object.entries((reader.value(keyword) ?? {}) as Readonly<Record<string, unknown>>);
      for (const [name, needed] of wanted) {
        if (Array.isArray(needed) && needed.every((other) => writer.requires(other as string))) continue;
        if (
          writer.property(name).isNever ||
          writer.parts.some((part) => needsAlready(part.value(keyword), name, needed))
        )
          continue;
        faults.push(
          fault(
            reader,
            'constraint-added',
            `what ${JSON.stringify(name)} needs beside it may not have been written`,
            `keep ${keyword} as it was`,
            keyword,
          ),
        );
      }
    }
    return faults;
  }
}

const TYPE_OF_LIMIT = {
  number: ['integer', 'number'],
  string: ['string'],
  array: ['array'],
  object: ['object'],
} as const;

function limitFaults(writer: Conjunction, reader: LocatedNode): Faults {
  const faults: Incompatibility[] = [];
  const concerns = (type: keyof typeof TYPE_OF_LIMIT) => TYPE_OF_LIMIT[type].some((known) => writer.types.has(known));
  const refuse = (keyword: string, limit: number, held: string) =>
    faults.push(
      fault(
        reader,
        'constraint-added',
        `${keyword} is ${limit}, but ${held}`,
        `keep ${keyword} as wide as it was`,
        keyword,
      ),
    );
  for (const [keyword, type] of Object.entries(LOWER)) {
    const limit = reader.number(keyword);
    if (limit === undefined || !concerns(type)) continue;
    const least =
      keyword === 'minProperties'
        ? Math.max(writer.highest(keyword) ?? 0, writer.required.length)
        : lowestOf(writer, keyword);
    if (least === undefined || least < limit)
      refuse(keyword, limit, least === undefined ? 'there was no such limit' : `${least} was allowed`);
  }
  for (const [keyword, type] of Object.entries(UPPER)) {
    const limit = reader.number(keyword);
    if (limit === undefined || !concerns(type)) continue;
    const most =
      keyword === 'maximum'
        ? smallest(writer.lowest('maximum'), writer.lowest('exclusiveMaximum'))
        : writer.lowest(keyword);
    if (most === undefined || most > limit)
      refuse(keyword, limit, most === undefined ? 'there was no such limit' : `${most} was allowed`);
  }
  if (!concerns('number')) return faults;
  const above = reader.number('exclusiveMinimum');
  if (
    above !== undefined &&
    !(
      (writer.highest('minimum') ?? Number.NEGATIVE_INFINITY) > above ||
      (writer.highest('exclusiveMinimum') ?? Number.NEGATIVE_INFINITY) >= above
    )
  )
    refuse('exclusiveMinimum', above, 'as low or lower was allowed');
  const below = reader.number('exclusiveMaximum');
  if (
    below !== undefined &&
    !(
      (writer.lowest('maximum') ?? Number.POSITIVE_INFINITY) < below ||
      (writer.lowest('exclusiveMaximum') ?? Number.POSITIVE_INFINITY) <= below
    )
  )
    refuse('exclusiveMaximum', below, 'as high or higher was allowed');
  const step = reader.number('multipleOf');
  const isStepped = (of: number): boolean =>
    (!writer.types.has('number') && Number.isInteger(1 / of)) ||
    writer.parts.some((part) => Number.isInteger((part.number('multipleOf') ?? Number.NaN) / of));
  if (step !== undefined && !isStepped(step)) refuse('multipleOf', step, 'other numbers were allowed');
  return faults;
}

function lowestOf(writer: Conjunction, keyword: string): number | undefined {
  if (keyword !== 'minimum') return writer.highest(keyword) ?? 0;
  const given = [writer.highest('minimum'), writer.highest('exclusiveMinimum')].filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.max(...given);
}

function smallest(...values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function typeFaults(writer: Conjunction, reader: LocatedNode): Faults {
  if (reader.value('type') === undefined) return [];
  const read = new Conjunction([reader.beside({ type: reader.value('type') })]).types;
  const isRead = (type: JsonType) => read.has(type);
  const refused = [...writer.types].filter(
    (type) => !isRead(type) && !(type === 'integer' && writer.types.has('number')),
  );
  if (refused.length === 0) return [];
  const wanted = [reader.value('type')].flat().join(', ');
  return [
    fault(
      reader,
      'type-narrowed',
      `reads ${wanted}, but ${refused.join(', ')} may have been written`,
      `allow ${refused.join(', ')} too`,
      'type',
    ),
  ];
}

/** Only a writer whose values are listed, too, stays within a list: that was looked at before. */
const listedFaults = (reader: LocatedNode): Faults =>
  ['enum', 'const']
    .filter((keyword) => reader.value(keyword) !== undefined)
    .map((keyword) =>
      fault(
        reader,
        'values-narrowed',
        `only ${JSON.stringify(reader.value(keyword))} is read, but others may have been written`,
        `leave out ${keyword}`,
        keyword,
      ),
    );

function valuesRefused(values: readonly unknown[], reader: LocatedNode): Faults {
  const refused = values.filter((value) => !reader.accepts(value));
  if (refused.length === 0) return [];
  const list = refused.map((value) => JSON.stringify(value)).join(', ');
  return [
    fault(reader, 'values-narrowed', `${list} may have been written, and is not valid here`, `allow ${list} too`),
  ];
}

const sameText = (writer: Conjunction, reader: LocatedNode, keywords: readonly string[]): Faults =>
  keywords
    .filter(
      (keyword) =>
        reader.value(keyword) !== undefined &&
        !writer.parts.some((part) => part.value(keyword) === reader.value(keyword)),
    )
    .map((keyword) =>
      fault(
        reader,
        'constraint-added',
        `${keyword} ${JSON.stringify(reader.value(keyword))} is asked for, but other text may have been written`,
        `keep ${keyword} as it was`,
        keyword,
      ),
    );

const isSameText = (held: LocatedNode | undefined, wanted: LocatedNode): boolean =>
  held?.text !== undefined && held.text === wanted.text;

const needsAlready = (held: unknown, name: string, needed: unknown): boolean =>
  Array.isArray(needed) &&
  typeof held === 'object' &&
  held !== null &&
  needed.every(
    (other) =>
      ((held as Readonly<Record<string, unknown>>)[name] as readonly unknown[] | undefined)?.includes(other) === true,
  );

/** A fault that no splitting into cases can heal is not worth the cases. */
const isSplittable = (faults: Faults): boolean => faults.some(({ rule }) => rule !== 'not-comparable');

const unique = (faults: Faults): Faults => [
  ...new Map(faults.map((one) => [`${one.path}${one.message}`, one])).values(),
];

const named = (inner: Incompatibility, name: string, isRest: boolean): Incompatibility =>
  isRest
    ? { ...inner, rule: 'property-narrowed', message: `property ${JSON.stringify(name)}: ${inner.message}` }
    : inner;

const fault = (
  at: LocatedNode,
  rule: IncompatibilityRule,
  message: string,
  repair: string,
  keyword?: string,
): Incompatibility => ({
  path: `${at.pointer === '' && keyword === undefined ? '' : `${at.pointer}${keyword === undefined ? '' : `/${keyword}`}`}`,
  rule,
  message,
  repair,
});
