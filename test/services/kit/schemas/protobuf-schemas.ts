import fc from 'fast-check';

// Random Protobuf messages of scalars, messages that grew out of one another, and values that they hold.

export interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly label: '' | 'optional' | 'repeated';
}

const int32 = fc.integer();
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);

const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  bool: fc.boolean(),
  string: fc.string({ maxLength: 4 }).filter((text) => text.isWellFormed()),
  bytes: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
};

const field = (number: number): fc.Arbitrary<ProtoField> =>
  fc.record({
    name: fc.constant(`f${number}`),
    number: fc.constant(number),
    type: fc.constantFrom(...Object.keys(VALUES)),
    label: fc.constantFrom('' as const, 'optional' as const, 'repeated' as const),
  });

const fields = fc.subarray([1, 2, 3, 4]).chain((numbers) => fc.tuple(...numbers.map(field)));

export const protoText = (message: readonly ProtoField[]): string =>
  `syntax = "proto3";\nmessage M {\n${message.map(({ name, number, type, label }) => `  ${label} ${type} ${name} = ${number};\n`).join('')}}\n`;

const RELATED: Readonly<Record<string, string>> = {
  int32: 'int64',
  bool: 'uint32',
  uint32: 'int64',
  sint32: 'sint64',
  string: 'bytes',
  int64: 'int32',
  bytes: 'string',
  uint64: 'int64',
};

/** A message and what became of it: a field is gone, is new, is renamed, is a list or has another type. */
export const protoEvolutions: fc.Arbitrary<{
  readonly writer: readonly ProtoField[];
  readonly reader: readonly ProtoField[];
}> = fc.tuple(fields, fc.nat(5), fc.nat(4), field(5)).map(([writer, change, index, added]) => {
  const at = index % Math.max(1, writer.length);
  const changed = (mend: (of: ProtoField) => ProtoField) => writer.map((of, place) => (place === at ? mend(of) : of));
  const reader = [
    () => writer.filter((_, place) => place !== at),
    () => [...writer, added],
    () => changed((of) => ({ ...of, name: `g${of.number}` })),
    () => changed((of) => ({ ...of, label: 'repeated' })),
    () => changed((of) => ({ ...of, type: RELATED[of.type] ?? of.type })),
    () => changed((of) => ({ ...of, type: added.type })),
  ][change];
  return { writer, reader: reader?.() ?? writer };
});

export const protoValues = (message: readonly ProtoField[]): fc.Arbitrary<unknown> =>
  fc.record(
    Object.fromEntries(
      message.map(({ name, type, label }) => {
        const value = VALUES[type] as fc.Arbitrary<unknown>;
        return [name, label === 'repeated' ? fc.array(value, { maxLength: 3 }) : value];
      }),
    ),
    { requiredKeys: [], noNullPrototype: true },
  );
