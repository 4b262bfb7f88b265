import { create, fromJson } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  Edition,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';
import { malformed } from '../schema.ts';

/** What the parser leaves untyped of its nodes. */
interface Parsed {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly rule?: string;
}

interface ParsedExtras extends Parsed {
  readonly valuesOptions?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  readonly reserved?: readonly (readonly number[] | string)[];
  readonly extensions?: readonly (readonly number[])[];
  readonly group?: boolean;
}

const MOST_NUMBER = 536_870_911;

/**
 * A .proto file as its descriptor. protobufjs parses the text; names are resolved by whoever builds types from the
 * descriptors, so they are left as they were written. Values of custom options are left out.
 *
 * @throws {Error} with the line where it is no .proto file
 */
export function readProtoText(text: string, name: string): FileDescriptorProto {
  const {
    root,
    package: pack = '',
    imports = [],
    weakImports = [],
  } = protobuf.parse(text, new protobuf.Root(), { keepCase: true });
  const scope = pack === '' || pack === null ? root : root.lookup(pack);
  if (!(scope instanceof protobuf.Namespace)) throw malformed('PROTOBUF', `${name}: package ${pack} holds nothing`);
  const file = create(FileDescriptorProtoSchema, {
    name,
    package: pack ?? '',
    dependency: [...(imports ?? []), ...(weakImports ?? [])],
    ...syntaxOf(text),
  });
  const options = (scope as Parsed).options ?? root.options;
  if (options !== undefined && options !== null) file.options = fromJson(FileOptionsSchema, json(options), LENIENT);
  for (const node of scope.nestedArray) {
    if (node instanceof protobuf.Type) file.messageType.push(messageOf(node));
    else if (node instanceof protobuf.Enum) file.enumType.push(enumOf(node));
    else if (node instanceof protobuf.Service) file.service.push(serviceOf(node));
    else if (node instanceof protobuf.Field) file.extension.push(extensionOf(node));
  }
  return file;
}

const LENIENT = { ignoreUnknownFields: true } as const;

const json = (options: Readonly<Record<string, unknown>>) => JSON.parse(JSON.stringify(options)) as never;

const COMMENTS = /\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

function syntaxOf(text: string): { readonly syntax: string; readonly edition?: Edition } {
  const plain = text.replace(COMMENTS, ' ');
  const edition = /^\s*edition\s*=\s*["'](\d+)["']/.exec(plain)?.[1];
  if (edition === undefined) return { syntax: /^\s*syntax\s*=\s*["'](\w+)["']/.exec(plain)?.[1] ?? 'proto2' };
  const known = Edition[`EDITION_${edition}` as keyof typeof Edition];
  if (known === undefined) throw malformed('PROTOBUF', `edition ${JSON.stringify(edition)} is not known`);
  return { syntax: 'editions', edition: known };
}

function messageOf(type: protobuf.Type): DescriptorProto {
  const { options, reserved = [], extensions = [] } = type as ParsedExtras;
  const message = create(DescriptorProtoSchema, { name: type.name });
  const oneofs = type.oneofsArray;
  // Those that stand for `optional` come last, as in what the reference compiler makes.
  const ordered = [...oneofs.filter((oneof) => !isSynthetic(oneof)), ...oneofs.filter(isSynthetic)];
  for (const oneof of ordered) {
    const own = (oneof as Parsed).options;
    message.oneofDecl.push({
      $typeName: 'google.protobuf.OneofDescriptorProto',
      name: oneof.name,
      ...(own === undefined ? {} : { options: fromJson(OneofOptionsSchema, json(own), LENIENT) }),
    });
  }
  for (const field of type.fieldsArray) {
    // An extension that the parser has put beside what it extends.
    if (field.name.startsWith('.')) continue;
    const made = fieldOf(field);
    const index = field.partOf === null ? -1 : ordered.indexOf(field.partOf);
    if (index >= 0) made.oneofIndex = index;
    if (field instanceof protobuf.MapField) {
      const entry = mapEntryOf(field);
      made.typeName = entry.name;
      message.nestedType.push(entry);
    }
    message.field.push(made);
  }
  for (const node of type.nestedArray) {
    if (node instanceof protobuf.Type) {
      message.nestedType.push(messageOf(node));
      if ((node as ParsedExtras).group !== true) continue;
      for (const field of message.field) if (field.typeName === node.name) field.type = FieldDescriptorProto_Type.GROUP;
    } else if (node instanceof protobuf.Enum) message.enumType.push(enumOf(node));
    else if (node instanceof protobuf.Field) message.extension.push(extensionOf(node));
  }
  message.reservedName = reserved.filter((one) => typeof one === 'string');
  message.reservedRange = ranges(reserved, 1).map((range) => ({
    $typeName: 'google.protobuf.DescriptorProto.ReservedRange',
    ...range,
  }));
  message.extensionRange = ranges(extensions, 1).map((range) => ({
    $typeName: 'google.protobuf.DescriptorProto.ExtensionRange',
    ...range,
  }));
  if (options !== undefined && options !== null)
    message.options = fromJson(MessageOptionsSchema, json(options), LENIENT);
  return message;
}

/** Descriptors say where a range of a message ends by the number after it; those of an enum by its last. */
const ranges = (given: readonly (readonly number[] | string)[], after: 0 | 1) =>
  given
    .filter((one): one is readonly number[] => typeof one !== 'string')
    .map(([start = 0, end = start]) => ({ start, end: Math.min(end, after === 1 ? MOST_NUMBER : end) + after }));

const isSynthetic = (oneof: protobuf.OneOf): boolean =>
  oneof.fieldsArray.length === 1 && (oneof.fieldsArray[0] as Parsed | undefined)?.options?.['proto3_optional'] === true;

const SCALARS: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  double: FieldDescriptorProto_Type.DOUBLE,
  float: FieldDescriptorProto_Type.FLOAT,
  int64: FieldDescriptorProto_Type.INT64,
  uint64: FieldDescriptorProto_Type.UINT64,
  int32: FieldDescriptorProto_Type.INT32,
  fixed64: FieldDescriptorProto_Type.FIXED64,
  fixed32: FieldDescriptorProto_Type.FIXED32,
  bool: FieldDescriptorProto_Type.BOOL,
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
  uint32: FieldDescriptorProto_Type.UINT32,
  sfixed32: FieldDescriptorProto_Type.SFIXED32,
  sfixed64: FieldDescriptorProto_Type.SFIXED64,
  sint32: FieldDescriptorProto_Type.SINT32,
  sint64: FieldDescriptorProto_Type.SINT64,
};

function fieldOf(field: protobuf.Field): FieldDescriptorProto {
  const { options } = field as Parsed;
  const isMap = field instanceof protobuf.MapField;
  const made = create(FieldDescriptorProtoSchema, {
    name: field.name,
    number: field.id,
    label:
      isMap || field.repeated
        ? FieldDescriptorProto_Label.REPEATED
        : (field as Parsed).rule === 'required'
          ? FieldDescriptorProto_Label.REQUIRED
          : FieldDescriptorProto_Label.OPTIONAL,
  });
  const scalar = isMap ? undefined : SCALARS[field.type];
  if (isMap) made.type = FieldDescriptorProto_Type.MESSAGE;
  else if (scalar !== undefined) made.type = scalar;
  else made.typeName = field.type;
  if (options === undefined || options === null) return made;
  const { default: value, json_name: jsonName, proto3_optional: optional, ...rest } = options;
  if (value !== undefined) made.defaultValue = defaultText(value, made.type);
  if (typeof jsonName === 'string') made.jsonName = jsonName;
  if (optional === true) made.proto3Optional = true;
  if (Object.keys(rest).length > 0) made.options = fromJson(FieldOptionsSchema, json(rest), LENIENT);
  return made;
}

/** The text of a default as descriptors hold it. */
function defaultText(value: unknown, type: FieldDescriptorProto_Type): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  if (Number.isNaN(value)) return 'nan';
  if (type !== FieldDescriptorProto_Type.BYTES) return String(value);
  const escaped = (byte: number) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
  return [...Buffer.from(String(value), 'latin1')].map(escaped).join('');
}

function mapEntryOf(field: protobuf.MapField): DescriptorProto {
  const camel = field.name.replace(/(?:^|_)([a-zA-Z0-9])/g, (_, first: string) => first.toUpperCase());
  const scalar = SCALARS[field.type];
  return create(DescriptorProtoSchema, {
    name: `${camel}Entry`,
    options: { mapEntry: true },
    field: [
      {
        name: 'key',
        number: 1,
        label: FieldDescriptorProto_Label.OPTIONAL,
        type: SCALARS[field.keyType] ?? FieldDescriptorProto_Type.STRING,
      },
      {
        name: 'value',
        number: 2,
        label: FieldDescriptorProto_Label.OPTIONAL,
        ...(scalar === undefined ? { typeName: field.type } : { type: scalar }),
      },
    ],
  });
}

function extensionOf(field: protobuf.Field): FieldDescriptorProto {
  const made = fieldOf(field);
  made.extendee = field.extend ?? '';
  return made;
}

function enumOf(node: protobuf.Enum): EnumDescriptorProto {
  const { options, valuesOptions = {}, reserved = [] } = node as unknown as ParsedExtras;
  const made = create(EnumDescriptorProtoSchema, {
    name: node.name,
    value: Object.entries(node.values).map(([name, number]) => {
      const own = valuesOptions[name];
      return own === undefined
        ? { name, number }
        : { name, number, options: fromJson(EnumValueOptionsSchema, json(own), LENIENT) };
    }),
    reservedName: reserved.filter((one) => typeof one === 'string'),
    reservedRange: ranges(reserved, 0),
  });
  if (options !== undefined && options !== null) made.options = fromJson(EnumOptionsSchema, json(options), LENIENT);
  return made;
}

const serviceOf = (service: protobuf.Service): FileDescriptorProto['service'][number] => ({
  $typeName: 'google.protobuf.ServiceDescriptorProto',
  name: service.name,
  method: service.methodsArray.map((method) => ({
    $typeName: 'google.protobuf.MethodDescriptorProto',
    name: method.name,
    inputType: method.requestType,
    outputType: method.responseType,
    clientStreaming: method.requestStream === true,
    serverStreaming: method.responseStream === true,
    ...(isEmpty((method as Parsed).options)
      ? {}
      : { options: fromJson(MethodOptionsSchema, json((method as Parsed).options ?? {}), LENIENT) }),
  })),
  ...(isEmpty((service as Parsed).options)
    ? {}
    : { options: fromJson(ServiceOptionsSchema, json((service as Parsed).options ?? {}), LENIENT) }),
});

const isEmpty = (options: Readonly<Record<string, unknown>> | null | undefined): boolean =>
  options === undefined || options === null || Object.keys(options).length === 0;
