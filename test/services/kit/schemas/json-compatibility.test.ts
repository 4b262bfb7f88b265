import { describe, expect, test } from '@jest/globals';
import { incompatibilities, parseJsonSchema } from '@penstock/kit/schemas';
import fc from 'fast-check';
import { type Json, jsonEvolutions, jsonSchema, jsonValue } from './json-schemas.ts';

const schema = (value: unknown) => parseJsonSchema({ text: JSON.stringify(value) });
const faults = (reader: unknown, writer: unknown) =>
  incompatibilities(schema(reader), schema(writer)).map(({ path, rule }) => `${path} ${rule}`);

const closed = (properties: Readonly<Record<string, Json>>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const shape = (kind: string, more: Readonly<Record<string, Json>> = {}) => ({
  type: 'object',
  properties: { kind: { const: kind }, ...more },
  required: ['kind'],
});

describe('a reader of JSON Schema', () => {
  test.each([
    [
      'an optional property more, where no other was allowed',
      closed({ a: { type: 'string' }, b: { type: 'string' } }),
      closed({ a: { type: 'string' } }),
    ],
    ['a wider type', { type: ['string', 'null'] }, { type: 'string' }],
    ['a number for whole ones', { type: 'number' }, { type: 'integer' }],
    ['fewer required properties', { type: 'object', required: ['a'] }, { type: 'object', required: ['a', 'b'] }],
    ['more values in an enum', { enum: ['a', 'b', 'c'] }, { enum: ['b', 'a'] }],
    ['a type for values that have it', { type: 'string' }, { enum: ['a', 'b'] }],
    [
      'wider limits',
      { type: 'integer', minimum: 0, maximum: 10 },
      { type: 'integer', minimum: 1, exclusiveMaximum: 10 },
    ],
    [
      'a case more, told apart by a constant',
      { oneOf: [shape('a'), shape('b'), shape('c')] },
      { oneOf: [shape('a'), shape('b')] },
    ],
    ['cases for each type of a list', { anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: ['string', 'null'] }],
    [
      'what several parts say together',
      { type: 'object', required: ['a', 'b'] },
      { allOf: [{ type: 'object', required: ['a'] }, { required: ['b'] }] },
    ],
    [
      'what a reference points to',
      { type: 'string' },
      { $ref: '#/definitions/text', definitions: { text: { type: 'string', maxLength: 3 } } },
    ],
    [
      'a tree that got a property',
      {
        $ref: '#/definitions/t',
        definitions: { t: closed({ l: { $ref: '#/definitions/t' }, v: { type: 'number' }, w: {} }) },
      },
      {
        $ref: '#/definitions/t',
        definitions: { t: closed({ l: { $ref: '#/definitions/t' }, v: { type: 'integer' } }) },
      },
    ],
  ])('finds no fault in %s', (_what, reader, writer) => {
    expect(faults(reader, writer)).toEqual([]);
  });

  test.each([
    [
      'a property that any value may have had',
      { type: 'object', properties: { b: { type: 'string' } } },
      { type: 'object' },
      '/properties/b/type type-narrowed',
    ],
    ['a property that it has no place for', closed({}), closed({ a: {} }), '/additionalProperties property-narrowed'],
    ['a new required property', closed({ a: {} }, ['a']), closed({ a: {} }), '/required property-required'],
    ['a narrower type', { type: 'integer' }, { type: 'number' }, '/type type-narrowed'],
    ['a value that it does not list', { enum: ['a'] }, { enum: ['a', 'b'] }, ' values-narrowed'],
    [
      'a lower limit',
      { type: 'string', maxLength: 3 },
      { type: 'string', maxLength: 4 },
      '/maxLength constraint-added',
    ],
    [
      'a pattern that was not asked for',
      { type: 'string', pattern: '^a' },
      { type: 'string' },
      '/pattern constraint-added',
    ],
    ['a case that it has not', { oneOf: [shape('a')] }, { oneOf: [shape('a'), shape('b')] }, '/oneOf branch-missing'],
    [
      'two cases of oneOf that may both hold',
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      { type: 'integer' },
      '/oneOf branch-missing',
    ],
    [
      'items of another type',
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
      '/items/type type-narrowed',
    ],
    [
      'a condition that it cannot compare',
      JSON.parse('{"if":{"type":"string"},"then":{"minLength":1}}'),
      {},
      ' not-comparable',
    ],
  ])('rejects %s', (_what, reader, writer, expected) => {
    expect(faults(reader, writer)).toEqual([expected]);
  });

  test('rejects a new property by a path, what was written and what to do', () => {
    expect(
      incompatibilities(schema(closed({ a: { type: 'integer' } })), schema(closed({ a: { type: 'string' } }))),
    ).toEqual([
      {
        path: '/properties/a/type',
        rule: 'type-narrowed',
        message: 'reads integer, but string may have been written',
        repair: 'allow string too',
      },
    ]);
  });
});

describe('what the checker calls readable', () => {
  test('is valid, whatever valid value was written', () => {
    let readable = 0;
    fc.assert(
      fc.property(
        jsonEvolutions,
        fc.array(jsonValue, { minLength: 20, maxLength: 40 }),
        ({ reader, writer }, values) => {
          const [read, written] = [schema(reader), schema(writer)];
          if (read.canonical === written.canonical || incompatibilities(read, written).length > 0) return;
          readable += 1;
          const refused = values.filter((value) => written.validate(value) === true && read.validate(value) !== true);
          expect({ reader, writer, refused }).toEqual({ reader, writer, refused: [] });
        },
      ),
      { numRuns: 250 },
    );
    expect(readable).toBeGreaterThan(20);
  });

  test('is every schema for itself, and for anything', () => {
    fc.assert(
      fc.property(jsonSchema, (one) => {
        expect(faults(one, one)).toEqual([]);
        expect(faults(true, one)).toEqual([]);
        expect(faults({ anyOf: [{ minProperties: 9 }, one] }, one)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
