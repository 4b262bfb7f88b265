import { describe, expect, test } from '@jest/globals';
import { codecOf, incompatibilities, parseAvro } from '@penstock/kit/schemas';
import fc from 'fast-check';
import { avroEvolutions, avroSchemas, avroValues } from './avro-schemas.ts';

const schema = (value: unknown) => parseAvro({ text: JSON.stringify(value) });
const record = (...fields: readonly unknown[]) => ({ type: 'record', name: 'shop.Order', fields });
const faults = (reader: unknown, writer: unknown) =>
  incompatibilities(schema(reader), schema(writer)).map(({ path, rule }) => `${path} ${rule}`);

describe('a reader of Avro', () => {
  test.each([
    ['a field with a default that was not written', record({ name: 'a', type: 'int', default: 1 }), record()],
    ['without a field that was written', record(), record({ name: 'a', type: 'int' })],
    ['of a wider number', 'double', 'int'],
    ['of bytes that were text', 'bytes', 'string'],
    ['of a union with one branch more', ['null', 'string', 'int'], ['null', 'string']],
    ['of a union that was a plain value', ['null', 'string'], 'string'],
    ['of a plain value from a union of one', 'string', ['string']],
    [
      'of an enum with a default for symbols it does not know',
      { type: 'enum', name: 'E', symbols: ['A'], default: 'A' },
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
    ],
    [
      'of a record under an alias',
      { type: 'record', name: 'New', aliases: ['Old'], fields: [] },
      { type: 'record', name: 'Old', fields: [] },
    ],
    [
      'of a field under an alias',
      record({ name: 'b', aliases: ['a'], type: 'int' }),
      record({ name: 'a', type: 'int' }),
    ],
  ])('%s finds no fault', (_what, reader, writer) => {
    expect(faults(reader, writer)).toEqual([]);
  });

  test.each([
    [
      'a field without default that was not written',
      record({ name: 'a', type: 'int' }),
      record(),
      '/fields/0(a) field-without-default',
    ],
    ['a narrower number', 'int', 'long', ' type-changed'],
    ['a union with a branch less', ['null', 'string'], ['null', 'string', 'int'], ' union-branch-missing'],
    [
      'symbols that it does not know',
      { type: 'enum', name: 'E', symbols: ['A'] },
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      '/symbols enum-symbols-missing',
    ],
    [
      'a fixed of another size',
      { type: 'fixed', name: 'F', size: 4 },
      { type: 'fixed', name: 'F', size: 8 },
      '/size fixed-size-changed',
    ],
    [
      'a record of another name',
      { type: 'record', name: 'New', fields: [] },
      { type: 'record', name: 'Old', fields: [] },
      ' name-changed',
    ],
    [
      'a fault in a branch, by the path into it',
      ['null', record({ name: 'a', type: 'int' })],
      record(),
      '/1/fields/0(a) field-without-default',
    ],
    [
      'a decimal of another scale, of which the bytes mean another number',
      { type: 'bytes', logicalType: 'decimal', precision: 8, scale: 4 },
      { type: 'bytes', logicalType: 'decimal', precision: 8, scale: 2 },
      ' logical-type-changed',
    ],
    [
      'a fault inside of a record that holds itself',
      {
        type: 'record',
        name: 'N',
        fields: [
          { name: 'next', type: ['null', 'N'] },
          { name: 'v', type: 'int' },
        ],
      },
      {
        type: 'record',
        name: 'N',
        fields: [
          { name: 'next', type: ['null', 'N'] },
          { name: 'v', type: 'long' },
        ],
      },
      '/fields/1(v)/type type-changed',
    ],
  ])('rejects %s', (_what, reader, writer, expected) => {
    expect(faults(reader, writer)).toEqual([expected]);
  });

  test('rejects schemas that hold each other in unions without end, in bounded time', () => {
    const deep = (leaf: string): unknown => {
      let at: unknown = leaf;
      for (let depth = 0; depth < 40; depth++)
        at = {
          type: 'record',
          name: `R${depth}`,
          fields: ['a', 'b'].map((name, n) => ({ name, type: ['null', n === 0 ? at : `R${depth - 1}`] })),
        };
      return at;
    };
    const first = { type: 'record', name: 'R-1'.replace('-1', '_'), fields: [] };
    const of = (leaf: string) =>
      JSON.parse(JSON.stringify(deep(leaf)).replaceAll('"R-1"', JSON.stringify(first))) as unknown;
    expect(faults(of('int'), of('long')).length).toBeGreaterThan(0);
  });
});

describe('what the checker calls readable', () => {
  test('can be read, whatever was written', () => {
    let readable = 0;
    fc.assert(
      fc.property(
        avroEvolutions.chain(({ reader, writer }) =>
          fc.tuple(
            fc.constant(reader),
            fc.constant(writer),
            fc.array(avroValues(writer), { minLength: 1, maxLength: 5 }),
          ),
        ),
        ([reader, writer, values]) => {
          const [read, written] = [schema(reader), schema(writer)];
          if (incompatibilities(read, written).length > 0) return;
          readable += 1;
          const [reading, writing] = [codecOf(read), codecOf(written)];
          for (const value of values) {
            const seen = reading.decode(writing.encode(value), written);
            expect(() => reading.encode(seen)).not.toThrow();
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(readable).toBeGreaterThan(30);
  });

  test('is what the codec can make a reader for, and nothing else', () => {
    fc.assert(
      fc.property(avroEvolutions, ({ reader, writer }) => {
        const [read, written] = [schema(reader), schema(writer)];
        const isReadable = incompatibilities(read, written).length === 0;
        let canRead = true;
        try {
          codecOf(read).decode(Buffer.alloc(0), written);
        } catch (error) {
          canRead = (error as { readonly code: string }).code !== 'schema-incompatible';
        }
        expect({ reader, writer, canRead }).toEqual({ reader, writer, canRead: isReadable });
      }),
      { numRuns: 300 },
    );
  });

  test('is every schema for itself', () => {
    fc.assert(fc.property(avroSchemas, (one) => expect(faults(one, one)).toEqual([])));
  });
});
