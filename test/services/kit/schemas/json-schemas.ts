import fc from 'fast-check';

// Random JSON Schemas (draft-07), schemas that grew out of one another, and values near to what they allow.

export type Json = boolean | { readonly [keyword: string]: unknown };

const NAMES = ['a', 'b', 'c', 'xa'];

const smallInt = fc.integer({ min: 0, max: 4 });

const constraint = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      'string',
      'integer',
      'number',
      'boolean',
      'null',
      'object',
      'array',
      ['string', 'null'],
      ['integer', 'string'],
    ),
  }),
  fc.record({ minimum: smallInt }),
  fc.record({ maximum: smallInt }),
  fc.record({ exclusiveMinimum: smallInt }),
  fc.record({ multipleOf: fc.constantFrom(1, 2, 4) }),
  fc.record({ minLength: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ maxLength: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ pattern: fc.constantFrom('^a', 'b$') }),
  fc.record({ enum: fc.uniqueArray(fc.constantFrom('a', 'b', 1, 2, null, true), { minLength: 1, maxLength: 3 }) }),
  fc.record({ const: fc.constantFrom('a', 1) }),
  fc.record({ required: fc.subarray(NAMES, { maxLength: 2 }) }),
  fc.record({ additionalProperties: fc.boolean() }),
  fc.record({ minItems: smallInt }),
  fc.record({ maxItems: smallInt }),
  fc.record({ uniqueItems: fc.boolean() }),
  fc.record({ minProperties: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ dependencies: fc.constant({ a: ['b'] }) }),
);

export const { jsonSchema } = fc.letrec<{ jsonSchema: Json }>((tie) => ({
  jsonSchema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 1, arbitrary: fc.boolean() },
    {
      weight: 4,
      arbitrary: fc.array(constraint, { maxLength: 3 }).map((parts) => Object.assign({}, ...parts) as Json),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(
          fc.array(constraint, { maxLength: 2 }),
          fc.dictionary(fc.constantFrom(...NAMES), tie('jsonSchema'), { maxKeys: 3, noNullPrototype: true }),
          fc.option(tie('jsonSchema')),
        )
        .map(([parts, properties, rest]) => ({
          type: 'object',
          ...Object.assign({}, ...parts),
          properties,
          ...(rest === null ? {} : { additionalProperties: rest }),
        })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        patternProperties: fc.dictionary(fc.constantFrom('^x', 'a$'), tie('jsonSchema'), {
          maxKeys: 2,
          noNullPrototype: true,
        }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ propertyNames: tie('jsonSchema') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('array'),
        items: fc.oneof(tie('jsonSchema'), fc.array(tie('jsonSchema'), { minLength: 1, maxLength: 2 })),
        additionalItems: tie('jsonSchema'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ contains: tie('jsonSchema') }) },
    { weight: 2, arbitrary: fc.record({ anyOf: fc.array(tie('jsonSchema'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ oneOf: fc.array(tie('jsonSchema'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ allOf: fc.array(tie('jsonSchema'), { minLength: 1, maxLength: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ not: tie('jsonSchema') }) },
  ),
}));

/** A change somewhere: a keyword goes, comes or is another schema's. */
function evolve(schema: Json, other: Json, seed: number): Json {
  if (typeof schema === 'boolean' || typeof other === 'boolean') return seed % 2 === 0 ? other : schema;
  const keywords = Object.keys(schema);
  const keyword = keywords[seed % Math.max(1, keywords.length)];
  if (keyword === undefined) return other;
  const { [keyword]: held, ...rest } = schema;
  const deeper = Math.floor(seed / 8);
  switch (seed % 8) {
    case 0:
      return rest;
    case 1:
      return { ...schema, ...other };
    case 2:
      return { anyOf: [schema, other] };
    default:
      if (Array.isArray(held) && held.length > 0 && typeof held[0] === 'object' && held[0] !== null)
        return {
          ...schema,
          [keyword]: held.map((one: Json, index) =>
            index === deeper % held.length ? evolve(one, other, deeper) : one,
          ),
        };
      if (typeof held === 'object' && held !== null && !Array.isArray(held)) {
        if (keyword !== 'properties' && keyword !== 'patternProperties')
          return keyword === 'dependencies' || keyword === 'const'
            ? rest
            : { ...schema, [keyword]: evolve(held as Json, other, deeper) };
        const name = Object.keys(held)[deeper % Math.max(1, Object.keys(held).length)];
        if (name === undefined) return { ...schema, [keyword]: { ...held, a: other } };
        return {
          ...schema,
          [keyword]: { ...held, [name]: evolve((held as Record<string, Json>)[name] as Json, other, deeper) },
        };
      }
      if (typeof held === 'number' && held > 0) return { ...schema, [keyword]: held + (seed % 3) };
      return rest;
  }
}

export const jsonEvolutions: fc.Arbitrary<{ readonly writer: Json; readonly reader: Json }> = fc
  .tuple(jsonSchema, fc.array(fc.tuple(jsonSchema, fc.nat(100_000)), { maxLength: 2 }))
  .map(([writer, changes]) => ({
    writer,
    reader: changes.reduce((schema, [other, seed]) => evolve(schema, other, seed), writer),
  }));

/** Small values of the words that the schemas speak of. */
export const { jsonValue } = fc.letrec<{ jsonValue: unknown }>((tie) => ({
  jsonValue: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'ab', '', 'abc', 0, 1, 2, 3, 4, 5, 1.5, -1, true, false, null),
    fc.array(tie('jsonValue'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'q'), tie('jsonValue'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
