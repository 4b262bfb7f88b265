import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { ProtobufSchema } from '../protobuf/parse.ts';
import { list, members, quoted, type TypeNames, union } from './type-text.ts';

/** Declarations of a file's messages and all that they hold, in their JSON form, and the type of the first. */
export function protobufTypes(
  { file }: ProtobufSchema,
  names: TypeNames,
  written: Set<string>,
): { readonly type: string; readonly declarations: string } {
  const declarations: string[] = [];
  const message = (desc: DescMessage): string => {
    const known = WELL_KNOWN[desc.typeName];
    if (known !== undefined) return known;
    const name = nameOf(desc);
    if (written.has(name)) return name;
    written.add(name);
    const place = declarations.push('') - 1;
    declarations[place] = `export interface ${name} {\n${members(
      desc.fields.map((field) => ({ name: field.jsonName, type: fieldType(field), isOptional: hasPresence(field) })),
    )}}\n`;
    return name;
  };
  const enumeration = (desc: DescEnum): string => {
    if (desc.typeName === 'google.protobuf.NullValue') return 'null';
    const name = nameOf(desc);
    if (written.has(name)) return name;
    written.add(name);
    // A value that this file does not know is read as its number.
    const values = [...desc.values.map((value) => quoted(value.name)), ...(desc.open ? ['number'] : [])];
    declarations.push(`export type ${name} = ${union(values)};\n`);
    return name;
  };
  const nameOf = (desc: DescMessage | DescEnum): string => {
    const pack = desc.file.proto.package;
    return names.of(`protobuf ${desc.typeName}`, pack === '' ? desc.typeName : desc.typeName.slice(pack.length + 1));
  };
  const single = (field: DescField): string => {
    if (field.message !== undefined) return message(field.message);
    if (field.enum !== undefined) return enumeration(field.enum);
    return SCALARS[field.scalar as ScalarType];
  };
  const fieldType = (field: DescField): string => {
    if (field.fieldKind === 'list') return list(single(field));
    return field.fieldKind === 'map' ? `Readonly<Record<string, ${single(field)}>>` : single(field);
  };
  const [first] = file.messages.map(message);
  return { type: first ?? 'never', declarations: declarations.join('\n') };
}

const hasPresence = (field: DescField): boolean =>
  field.fieldKind !== 'list' &&
  field.fieldKind !== 'map' &&
  field.presence !== FeatureSet_FieldPresence.IMPLICIT &&
  field.presence !== FeatureSet_FieldPresence.LEGACY_REQUIRED;

const FLOAT = "number | 'NaN' | 'Infinity' | '-Infinity'";

/** As the JSON form has them: what a number cannot hold is a text. */
const SCALARS: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: FLOAT,
  [ScalarType.FLOAT]: FLOAT,
  [ScalarType.INT64]: 'string',
  [ScalarType.UINT64]: 'string',
  [ScalarType.INT32]: 'number',
  [ScalarType.FIXED64]: 'string',
  [ScalarType.FIXED32]: 'number',
  [ScalarType.BOOL]: 'boolean',
  [ScalarType.STRING]: 'string',
  [ScalarType.BYTES]: 'string',
  [ScalarType.UINT32]: 'number',
  [ScalarType.SFIXED32]: 'number',
  [ScalarType.SFIXED64]: 'string',
  [ScalarType.SINT32]: 'number',
  [ScalarType.SINT64]: 'string',
};

const WELL_KNOWN: Readonly<Record<string, string>> = {
  'google.protobuf.Any': "{ readonly '@type': string }",
  'google.protobuf.BoolValue': 'boolean',
  'google.protobuf.BytesValue': 'string',
  'google.protobuf.DoubleValue': FLOAT,
  'google.protobuf.Duration': 'string',
  'google.protobuf.Empty': 'Readonly<Record<string, never>>',
  'google.protobuf.FieldMask': 'string',
  'google.protobuf.FloatValue': FLOAT,
  'google.protobuf.Int32Value': 'number',
  'google.protobuf.Int64Value': 'string',
  'google.protobuf.ListValue': 'readonly unknown[]',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.Struct': 'Readonly<Record<string, unknown>>',
  'google.protobuf.Timestamp': 'string',
  'google.protobuf.UInt32Value': 'number',
  'google.protobuf.UInt64Value': 'string',
  'google.protobuf.Value': 'unknown',
};
