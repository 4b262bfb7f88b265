import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence, FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import type { Incompatibility, IncompatibilityRule } from '../incompatibility.ts';
import type { ProtobufSchema } from './parse.ts';

type Faults = readonly Incompatibility[];

/**
 * Why a reader cannot make the same of everything that a writer may have written; empty where it can. Stricter than the
 * wire: a type that only reads the bytes, but loses or changes values (an int64 as an int32), is a fault.
 */
export function protobufIncompatibilities(reader: ProtobufSchema, writer: ProtobufSchema): Faults {
  if (reader.file.proto.package !== writer.file.proto.package) {
    return [
      fault(
        '',
        'package-changed',
        `reads package ${JSON.stringify(reader.file.proto.package)}, but ${JSON.stringify(writer.file.proto.package)} was written`,
        'keep the package; another one is another subject',
      ),
    ];
  }
  const comparison = new Comparison();
  return writer.messages
    .filter(({ proto }) => proto.options?.mapEntry !== true)
    .flatMap((written) => {
      const read = reader.messages.find(({ typeName }) => typeName === written.typeName);
      return read === undefined
        ? [
            fault(
              `/${written.typeName}`,
              'message-missing',
              `${written.typeName} may have been written, and the reader has no such message`,
              'keep the message',
            ),
          ]
        : comparison.messages(read, written);
    });
}

class Comparison {
  readonly #met = new Set<string>();

  messages(reader: DescMessage, writer: DescMessage): Faults {
    const key = `${reader.typeName} < ${writer.typeName}`;
    if (this.#met.has(key)) return [];
    this.#met.add(key);
    const written = new Map(writer.fields.map((field) => [field.number, field]));
    return [
      ...reader.fields.flatMap((field) => {
        const other = written.get(field.number);
        return other === undefined ? unwritten(field, writer) : this.#fields(field, other);
      }),
      ...joined(reader, written),
    ];
  }

  #fields(reader: DescField, writer: DescField): Faults {
    const path = pathOf(reader);
    if (isRequired(reader) && !isRequired(writer)) return [requiredFault(reader)];
    if (reader.fieldKind === 'map' || writer.fieldKind === 'map') {
      if (reader.fieldKind !== 'map' || writer.fieldKind !== 'map') return [cardinality(reader, writer)];
      if (!isScalarReadable(reader.mapKey, writer.mapKey))
        return [typeFault(path, `map key ${ScalarType[reader.mapKey]}`, `map key ${ScalarType[writer.mapKey]}`)];
    } else if (writer.fieldKind === 'list' && reader.fieldKind !== 'list') return [cardinality(reader, writer)];
    return this.#values(reader, writer, path);
  }

  #values(reader: DescField, writer: DescField, path: string): Faults {
    const [read, written] = [heldBy(reader), heldBy(writer)];
    if (read.message !== undefined && written.message !== undefined) {
      if (read.delimited !== written.delimited)
        return [typeFault(path, read.name, `${written.name}, framed in another way`)];
      if (read.message.typeName === written.message.typeName) return this.messages(read.message, written.message);
      return [typeFault(path, read.name, written.name)];
    }
    if (read.enumeration !== undefined && written.enumeration !== undefined)
      return enums(read.enumeration, written.enumeration, path);
    // What an enum writes is a varint.
    const isWiden =
      (read.scalar !== undefined && written.scalar !== undefined && isScalarReadable(read.scalar, written.scalar)) ||
      (written.enumeration !== undefined && (read.scalar === ScalarType.INT32 || read.scalar === ScalarType.INT64));
    return isWiden ? [] : [typeFault(path, read.name, written.name)];
  }
}

/** What keeps every value of the second when read as the first. */
const WIDER: Partial<Readonly<Record<ScalarType, readonly ScalarType[]>>> = {
  [ScalarType.INT64]: [ScalarType.INT32, ScalarType.UINT32, ScalarType.BOOL],
  [ScalarType.UINT64]: [ScalarType.UINT32, ScalarType.BOOL],
  [ScalarType.INT32]: [ScalarType.BOOL],
  [ScalarType.UINT32]: [ScalarType.BOOL],
  [ScalarType.SINT64]: [ScalarType.SINT32],
  [ScalarType.BYTES]: [ScalarType.STRING],
};

const isScalarReadable = (reader: ScalarType, writer: ScalarType): boolean =>
  reader === writer || (WIDER[reader] ?? []).includes(writer);

interface Value {
  readonly name: string;
  readonly scalar?: ScalarType;
  readonly message?: DescMessage;
  readonly enumeration?: DescEnum;
  readonly delimited?: boolean;
}

function heldBy(field: DescField): Value {
  if (field.message !== undefined)
    return {
      name: field.message.typeName,
      message: field.message,
      delimited:
        field.fieldKind !== 'map' && (field.delimitedEncoding || field.proto.type === FieldDescriptorProto_Type.GROUP),
    };
  if (field.enum !== undefined) return { name: field.enum.typeName, enumeration: field.enum };
  const scalar = field.scalar as ScalarType;
  return { name: ScalarType[scalar].toLowerCase(), scalar };
}

function unwritten(field: DescField, writer: DescMessage): Faults {
  const faults: Incompatibility[] = [];
  if (isRequired(field)) faults.push(requiredFault(field));
  const isReserved = writer.proto.reservedRange.some(({ start, end }) => field.number >= start && field.number < end);
  if (isReserved)
    faults.push(
      fault(
        pathOf(field),
        'field-number-reserved',
        `number ${field.number} is reserved by ${writer.typeName}: an older field had it`,
        'use a number that was never used',
      ),
    );
  return faults;
}

/** Fields that were written side by side, of which a oneof would keep the last alone. */
function joined(reader: DescMessage, written: ReadonlyMap<number, DescField>): Faults {
  return reader.oneofs.flatMap((oneof) => {
    const known = oneof.fields.flatMap((field) => written.get(field.number) ?? []);
    const together = new Set(known.map((field) => field.oneof?.name ?? field));
    if (together.size < 2) return [];
    const names = known.map(({ name }) => name).join(', ');
    return [
      fault(
        `/${reader.typeName}/${oneof.name}`,
        'fields-joined-in-oneof',
        `${names} may have been written side by side, and oneof ${oneof.name} keeps one`,
        'keep them outside of the oneof',
      ),
    ];
  });
}

function enums(reader: DescEnum, writer: DescEnum, path: string): Faults {
  const moved = writer.values.filter(({ name, number }) => {
    const same = reader.values.filter((value) => value.name === name);
    return same.length > 0 && same.every((value) => value.number !== number);
  });
  const lost = reader.open
    ? []
    : writer.values.filter(({ number }) => reader.values.every((value) => value.number !== number));
  return [
    ...moved.map(({ name, number }) =>
      fault(
        `${path}/${name}`,
        'enum-value-renumbered',
        `${name} was written as ${number}, and the reader has another number for it`,
        'keep the numbers',
      ),
    ),
    ...lost.map(({ name, number }) =>
      fault(
        `${path}/${name}`,
        'enum-value-missing',
        `${name} (${number}) may have been written, and the reader's ${reader.name} is closed and does not know it`,
        'keep the value',
      ),
    ),
  ];
}

const isRequired = (field: DescField): boolean => field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;

const requiredFault = (field: DescField): Incompatibility =>
  fault(
    pathOf(field),
    'field-required',
    `${field.name} is required, but may not have been written`,
    'make the field optional',
  );

const cardinality = (reader: DescField, writer: DescField): Incompatibility =>
  fault(
    pathOf(reader),
    'field-cardinality-changed',
    `reads ${KINDS[reader.fieldKind]}, but ${KINDS[writer.fieldKind]} was written`,
    'add a field with a number of its own',
  );

const KINDS = { scalar: 'one value', enum: 'one value', message: 'one message', list: 'a list', map: 'a map' } as const;

const typeFault = (path: string, read: string, written: string): Incompatibility =>
  fault(
    path,
    'field-type-changed',
    `reads ${read}, but ${written} was written`,
    'add a field with a number of its own',
  );

const pathOf = (field: DescField): string => `/${field.parent.typeName}/${field.name}`;

const fault = (path: string, rule: IncompatibilityRule, message: string, repair: string): Incompatibility => ({
  path,
  rule,
  message,
  repair,
});
