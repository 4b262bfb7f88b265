import fc from 'fast-check';

// Random Avro schemas, values that they allow, and schemas that grew out of one another.

export type Avro = string | readonly Avro[] | { readonly [key: string]: unknown };

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];

const DEFAULTS: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  int: 7,
  long: 8,
  float: 0.5,
  double: 1.5,
  bytes: 'b',
  string: 's',
};

/** What a node is before it has a name: names are given last, so that none is given twice. */
type Shape =
  | { readonly kind: 'primitive'; readonly type: string }
  | { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly isOpen: boolean }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'array'; readonly of: Shape }
  | { readonly kind: 'map'; readonly of: Shape }
  | { readonly kind: 'nullable'; readonly of: Shape }
  | {
      readonly kind: 'record';
      readonly fields: readonly { readonly name: string; readonly of: Shape; readonly hasDefault: boolean }[];
    };

const FIELD_NAMES = ['a', 'b', 'c', 'd'];
const SYMBOLS = ['A', 'B', 'C'];

const { shape } = fc.letrec<{ shape: Shape; field: { name: string; of: Shape; hasDefault: boolean } }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('primitive' as const), type: fc.constantFrom(...PRIMITIVES) }),
    fc.record({
      kind: fc.constant('enum' as const),
      symbols: fc.subarray(SYMBOLS, { minLength: 1 }),
      isOpen: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('fixed' as const), size: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('array' as const), of: tie('shape') }),
    fc.record({ kind: fc.constant('map' as const), of: tie('shape') }),
    fc.record({ kind: fc.constant('nullable' as const), of: tie('shape') }),
    fc.record({
      kind: fc.constant('record' as const),
      fields: fc.uniqueArray(tie('field'), { selector: ({ name }) => name, maxLength: 4 }),
    }),
  ),
  field: fc.record({ name: fc.constantFrom(...FIELD_NAMES), of: tie('shape'), hasDefault: fc.boolean() }),
}));

/** Names follow from the place, so that the same place has the same name in both schemas. */
function build(of: Shape, name: string): Avro {
  if (of.kind === 'primitive') return of.type;
  if (of.kind === 'enum')
    return { type: 'enum', name, symbols: of.symbols, ...(of.isOpen ? { default: of.symbols[0] } : {}) };
  if (of.kind === 'fixed') return { type: 'fixed', name, size: of.size };
  if (of.kind === 'array') return { type: 'array', items: build(of.of, `${name}_i`) };
  if (of.kind === 'map') return { type: 'map', values: build(of.of, `${name}_v`) };
  if (of.kind === 'nullable') {
    const inner = build(of.of, `${name}_n`);
    return inner === 'null' || Array.isArray(inner) ? inner : ['null', inner];
  }
  const fields = of.fields.map(({ name: field, of: type, hasDefault }) => {
    const built = build(type, `${name}_${field}`);
    const value = hasDefault ? defaultFor(built) : undefined;
    return { name: field, type: built, ...(value === undefined ? {} : { default: value }) };
  });
  return { type: 'record', name, fields };
}

const defaultFor = (type: Avro): unknown => {
  if (typeof type === 'string') return DEFAULTS[type];
  if (Array.isArray(type)) return null;
  const { type: kind, symbols } = type as { readonly type: string; readonly symbols?: readonly string[] };
  if (kind === 'array') return [];
  if (kind === 'map') return {};
  return kind === 'enum' ? symbols?.[0] : undefined;
};

export const avroSchemas: fc.Arbitrary<Avro> = shape.map((of) => build(of, 'Root'));

/** A change as a person makes it, somewhere in the schema. */
function evolve(of: Shape, other: Shape, seed: number): Shape {
  const deeper = Math.floor(seed / 8);
  if ((of.kind === 'array' || of.kind === 'map' || of.kind === 'nullable') && seed % 3 > 0)
    return { ...of, of: evolve(of.of, other, deeper) };
  if (of.kind === 'record' && seed % 8 > 0) {
    const at = deeper % Math.max(1, of.fields.length);
    const change = seed % 8;
    if (change < 3)
      return {
        ...of,
        fields: of.fields.map((field, index) =>
          index === at ? { ...field, of: evolve(field.of, other, deeper) } : field,
        ),
      };
    if (change < 5) return { ...of, fields: of.fields.filter((_, index) => index !== at) };
    const free = FIELD_NAMES.find((name) => of.fields.every((field) => field.name !== name));
    return free === undefined
      ? of
      : { ...of, fields: [...of.fields, { name: free, of: other, hasDefault: change < 7 }] };
  }
  if (of.kind === 'enum') return { ...of, symbols: SYMBOLS.slice(0, 1 + (seed % 3)) };
  if (of.kind === 'primitive' && seed % 2 === 0)
    return { kind: 'primitive', type: PRIMITIVES[seed % PRIMITIVES.length] as string };
  return seed % 5 === 0 ? other : { kind: 'nullable', of };
}

/** A schema and what became of it in a few changes. */
export const avroEvolutions: fc.Arbitrary<{ readonly writer: Avro; readonly reader: Avro }> = fc
  .tuple(shape, fc.array(fc.tuple(shape, fc.nat(100_000)), { maxLength: 3 }))
  .map(([first, changes]) => ({
    writer: build(first, 'Root'),
    reader: build(
      changes.reduce((of, [other, seed]) => evolve(of, other, seed), first),
      'Root',
    ),
  }));

/** Values that a schema allows. */
export function avroValues(schema: Avro): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) return fc.oneof(...schema.map((branch) => avroValues(branch as Avro)));
  if (typeof schema === 'string') return PRIMITIVE_VALUES[schema] as fc.Arbitrary<unknown>;
  const of = schema as { readonly [key: string]: unknown };
  switch (of['type']) {
    case 'enum':
      return fc.constantFrom(...(of['symbols'] as readonly string[]));
    case 'fixed':
      return fc
        .uint8Array({ minLength: of['size'] as number, maxLength: of['size'] as number })
        .map((bytes) => Buffer.from(bytes));
    case 'array':
      return fc.array(avroValues(of['items'] as Avro), { maxLength: 3 });
    case 'map':
      return fc.dictionary(fc.constantFrom('k', 'l', 'm'), avroValues(of['values'] as Avro), {
        maxKeys: 2,
        noNullPrototype: true,
      });
    default: {
      const fields = of['fields'] as readonly { readonly name: string; readonly type: Avro }[];
      return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, avroValues(type)])), {
        noNullPrototype: true,
      });
    }
  }
}

const PRIMITIVE_VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.maxSafeInteger(),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  bytes: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  string: fc.string({ maxLength: 4 }),
};
