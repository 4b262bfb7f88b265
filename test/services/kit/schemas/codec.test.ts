import { describe, expect, test } from '@jest/globals';
import { KitError } from '@penstock/kit';
import {
  codecOf,
  frame,
  parseSchema,
  recordNames,
  type SchemaFormat,
  topicNames,
  topicRecordNames,
  unframe,
} from '@penstock/kit/schemas';

const order = {
  AVRO: JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'cents', type: 'long' },
    ],
  }),
  JSON: JSON.stringify({
    type: 'object',
    properties: { id: { type: 'string' }, cents: { type: 'integer' } },
    required: ['id'],
    additionalProperties: false,
  }),
  PROTOBUF: 'syntax = "proto3"; message Order { string id = 1; int32 cents = 2; }',
} as const;

const codec = (format: SchemaFormat, text: string = order[format]) => codecOf(parseSchema({ format, text }));
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (KitError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};

describe.each(['AVRO', 'JSON', 'PROTOBUF'] as const)('a codec of %s', (format) => {
  test('writes a value and reads it', () => {
    const { encode, decode } = codec(format);
    expect(decode(encode({ id: 'a', cents: 5 }))).toEqual({ id: 'a', cents: 5 });
  });

  test('rejects a value that its schema does not allow, by its path or name', () => {
    expect(code(() => codec(format).encode({ id: 7, cents: 5 }))).toBe('event-malformed');
    expect(() => codec(format).encode({ id: 7, cents: 5 })).toThrow(/id/);
  });

  test('rejects bytes that its schema did not write', () => {
    expect(code(() => codec(format).decode(Uint8Array.of(0, 0xff, 0xff, 0xff)))).toBe('event-malformed');
  });

  test('rejects what another format has written', () => {
    const other = format === 'JSON' ? 'AVRO' : 'JSON';
    expect(code(() => codec(format).decode(Uint8Array.of(0), codec(other).schema))).toBe('schema-incompatible');
  });
});

describe('schemas that say the same', () => {
  test.each([
    [
      'AVRO',
      order.AVRO,
      '{"fields":[{"type":"string","name":"id"},{"type":{"type":"long"},"name":"cents"}],"name":"Order","type":"record"}',
    ],
    ['JSON', '{"type":["string","null"],"minLength":1}', '{ "minLength": 1, "type": ["null", "string"] }'],
    [
      'PROTOBUF',
      order.PROTOBUF,
      'syntax = "proto3";\n// An order.\nmessage Order {\n  string id = 1 [json_name = "id"];\n  int32 cents = 2;\n}',
    ],
  ] as const)('have one fingerprint in %s', (format, one, other) => {
    expect(parseSchema({ format, text: one }).fingerprint).toBe(parseSchema({ format, text: other }).fingerprint);
  });

  test.each([
    [
      'AVRO',
      '{"type":"record","name":"A","fields":[{"name":"a","type":"int","default":1}]}',
      '{"type":"record","name":"A","fields":[{"name":"a","type":"int","default":2}]}',
    ],
    ['JSON', '{"const":[1,2]}', '{"const":[2,1]}'],
    ['PROTOBUF', 'message A { optional int32 a = 1; }', 'message A { optional int32 a = 1 [json_name = "b"]; }'],
  ] as const)('and others have another, in %s', (format, one, other) => {
    expect(parseSchema({ format, text: one }).fingerprint).not.toBe(parseSchema({ format, text: other }).fingerprint);
  });
});

describe('a schema that uses another', () => {
  test.each([
    ['AVRO', '{"type":"record","name":"Cart","fields":[{"name":"order","type":"Order"}]}', { Order: order.AVRO }],
    ['JSON', '{"type":"object","properties":{"order":{"$ref":"order.json"}}}', { 'order.json': order.JSON }],
    [
      'PROTOBUF',
      'syntax = "proto3"; import "order.proto"; import "google/protobuf/timestamp.proto"; message Cart { Order order = 1; google.protobuf.Timestamp at = 2; }',
      { 'order.proto': order.PROTOBUF },
    ],
  ] as const)('is written and read in %s', (format, text, imports) => {
    const { encode, decode } = codecOf(parseSchema({ format, text, imports }));
    expect(decode(encode({ order: { id: 'a', cents: 5 } }))).toMatchObject({ order: { id: 'a', cents: 5 } });
  });

  test.each([
    ['AVRO', '{"type":"record","name":"Cart","fields":[{"name":"order","type":"Order"}]}'],
    ['JSON', '{"$ref":"order.json"}'],
    ['PROTOBUF', 'syntax = "proto3"; import "order.proto"; message Cart { Order order = 1; }'],
  ] as const)('rejects a use of what nothing names, in %s', (format, text) => {
    expect(code(() => parseSchema({ format, text }))).toBe('schema-malformed');
  });
});

describe('a Protobuf file of several messages', () => {
  const text =
    'syntax = "proto3"; message A { message B { message C { int32 x = 1; } } message D { string y = 1; } } message E { bool z = 1; }';
  const schema = parseSchema({ format: 'PROTOBUF', text });

  test.each([
    ['A', '00'],
    ['A.B.C', '06000000'],
    ['A.D', '040002'],
    ['E', '0202'],
  ])('says by indexes that %s was written', (message, indexes) => {
    const made = codecOf(schema, { message });
    expect(Buffer.from(made.encode({})).toString('hex')).toBe(indexes);
    expect(made.decode(made.encode({}))).toBeDefined();
  });
});

test('an Avro long beyond what a number holds is read as a bigint, or refused', () => {
  const schema = parseSchema({ format: 'AVRO', text: '"long"' });
  const large = 2n ** 62n + 1n;
  const bytes = codecOf(schema, { longs: 'bigint' }).encode(large);
  expect(codecOf(schema, { longs: 'bigint' }).decode(bytes)).toBe(large);
  expect(code(() => codecOf(schema).decode(bytes))).toBe('event-malformed');
});

test('editions of Protobuf keep their features', () => {
  const text =
    'edition = "2023"; option features.field_presence = IMPLICIT; message M { int32 x = 1; E e = 2; } enum E { option features.enum_type = CLOSED; A = 0; }';
  expect(codecOf(parseSchema({ format: 'PROTOBUF', text })).decode(Uint8Array.of(0))).toEqual({ x: 0, e: 'A' });
});

describe('the wire format', () => {
  test('has a zero byte and the id in front', () => {
    expect(Buffer.from(frame(258, Uint8Array.of(7))).toString('hex')).toBe('000000010207');
    expect(unframe(frame(258, Uint8Array.of(7)))).toEqual({ schemaId: 258, payload: Buffer.of(7) });
  });

  test.each(['', '00', '0100000001', '00ffffffff'])('rejects 0x%s', (hex) => {
    expect(code(() => unframe(Buffer.from(hex, 'hex')))).toBe('event-malformed');
  });
});

test('subjects follow from the topic, the record or both', () => {
  const scope = { topic: 'orders', part: 'value', record: 'shop.Order' } as const;
  expect([topicNames, recordNames, topicRecordNames].map((names) => names(scope))).toEqual([
    'orders-value',
    'shop.Order',
    'orders-shop.Order',
  ]);
});
