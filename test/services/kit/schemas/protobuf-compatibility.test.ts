import { describe, expect, test } from '@jest/globals';
import { codecOf, incompatibilities, parseProtobuf } from '@penstock/kit/schemas';
import fc from 'fast-check';
import { type ProtoField, protoEvolutions, protoText, protoValues } from './protobuf-schemas.ts';

const schema = (text: string) => parseProtobuf({ text });
const proto3 = (body: string) => `syntax = "proto3";\npackage shop.v1;\n${body}`;
const proto2 = (body: string) => `syntax = "proto2";\npackage shop.v1;\n${body}`;
const faults = (reader: string, writer: string) =>
  incompatibilities(schema(reader), schema(writer)).map(({ path, rule }) => `${path} ${rule}`);

describe('a reader of Protobuf', () => {
  test.each([
    ['a field more', proto3('message M { string a = 1; int32 b = 2; }'), proto3('message M { string a = 1; }')],
    ['a field less', proto3('message M { }'), proto3('message M { string a = 1; }')],
    ['a field of another name', proto3('message M { string b = 1; }'), proto3('message M { string a = 1; }')],
    ['a wider integer', proto3('message M { int64 a = 1; }'), proto3('message M { int32 a = 1; }')],
    ['bytes that were text', proto3('message M { bytes a = 1; }'), proto3('message M { string a = 1; }')],
    ['a list that was one value', proto3('message M { repeated int32 a = 1; }'), proto3('message M { int32 a = 1; }')],
    [
      'one field in a new oneof',
      proto3('message M { oneof o { string a = 1; } }'),
      proto3('message M { string a = 1; }'),
    ],
    [
      'an open enum with a value less',
      proto3('message M { E e = 1; } enum E { A = 0; }'),
      proto3('message M { E e = 1; } enum E { A = 0; B = 1; }'),
    ],
    ['a message that holds itself', proto3('message M { M m = 1; int32 a = 2; }'), proto3('message M { M m = 1; }')],
  ])('finds no fault in %s', (_what, reader, writer) => {
    expect(faults(reader, writer)).toEqual([]);
  });

  test.each([
    [
      'another type',
      proto3('message M { string a = 1; }'),
      proto3('message M { int32 a = 1; }'),
      '/shop.v1.M/a field-type-changed',
    ],
    [
      'a narrower integer, which cuts values off',
      proto3('message M { int32 a = 1; }'),
      proto3('message M { int64 a = 1; }'),
      '/shop.v1.M/a field-type-changed',
    ],
    [
      'one value that was a list',
      proto3('message M { int32 a = 1; }'),
      proto3('message M { repeated int32 a = 1; }'),
      '/shop.v1.M/a field-cardinality-changed',
    ],
    [
      'a map that was none',
      proto3('message M { map<string, int32> a = 1; }'),
      proto3('message M { string a = 1; }'),
      '/shop.v1.M/a field-cardinality-changed',
    ],
    ['a message that is gone', proto3('message N { }'), proto3('message M { }'), '/shop.v1.M message-missing'],
    [
      'another package',
      'syntax = "proto3"; package a; message M {}',
      'syntax = "proto3"; package b; message M {}',
      ' package-changed',
    ],
    [
      'a number that was reserved',
      proto3('message M { string a = 3; }'),
      proto3('message M { reserved 2 to 4; }'),
      '/shop.v1.M/a field-number-reserved',
    ],
    [
      'a required field that was optional',
      proto2('message M { required string a = 1; }'),
      proto2('message M { optional string a = 1; }'),
      '/shop.v1.M/a field-required',
    ],
    [
      'a required field that was not there',
      proto2('message M { required string a = 1; }'),
      proto2('message M { }'),
      '/shop.v1.M/a field-required',
    ],
    [
      'two fields that are joined in a oneof',
      proto3('message M { oneof o { string a = 1; string b = 2; } }'),
      proto3('message M { string a = 1; string b = 2; }'),
      '/shop.v1.M/o fields-joined-in-oneof',
    ],
    [
      'a closed enum with a value less',
      proto2('message M { optional E e = 1; } enum E { A = 0; }'),
      proto2('message M { optional E e = 1; } enum E { A = 0; B = 1; }'),
      '/shop.v1.M/e/B enum-value-missing',
    ],
    [
      'a name with another number',
      proto3('message M { E e = 1; } enum E { A = 0; B = 2; }'),
      proto3('message M { E e = 1; } enum E { A = 0; B = 1; }'),
      '/shop.v1.M/e/B enum-value-renumbered',
    ],
    [
      'a group that was a message',
      proto2('message M { optional group G = 1 { } }'),
      proto2('message M { optional G g = 1; message G { } }'),
      '/shop.v1.M/g field-type-changed',
    ],
  ])('rejects %s', (_what, reader, writer, expected) => {
    expect(faults(reader, writer)).toEqual([expected]);
  });
});

describe('what the checker calls readable', () => {
  test('has the same values in every field that both know, whatever was written', () => {
    let readable = 0;
    fc.assert(
      fc.property(
        protoEvolutions.chain(({ reader, writer }) =>
          fc.tuple(
            fc.constant(reader),
            fc.constant(writer),
            fc.array(protoValues(writer), { minLength: 1, maxLength: 5 }),
          ),
        ),
        ([reader, writer, values]) => {
          const [read, written] = [schema(protoText(reader)), schema(protoText(writer))];
          if (incompatibilities(read, written).length > 0) return;
          readable += 1;
          for (const value of values) {
            const payload = codecOf(written).encode(value);
            const [seen, meant] = [codecOf(read).decode(payload, written), codecOf(written).decode(payload)];
            for (const field of reader)
              expect([field.name, spelled(seen, field)]).toEqual([
                field.name,
                spelled(
                  meant,
                  writer.find(({ number }) => number === field.number),
                ),
              ]);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(readable).toBeGreaterThan(50);
  });
});

/** The values of a field in one spelling for all types that may carry them; what is zero and what is not set are one. */
function spelled(message: unknown, field: ProtoField | undefined): readonly string[] {
  if (field === undefined) return [];
  const value = (message as Readonly<Record<string, unknown>>)[field.name];
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
  const texts = list.map((one: unknown) => {
    if (typeof one === 'boolean') return one ? '1' : '0';
    return field.type === 'string' ? Buffer.from(String(one)).toString('base64') : String(one);
  });
  return texts.filter((text) => text !== '0' && text !== '');
}
