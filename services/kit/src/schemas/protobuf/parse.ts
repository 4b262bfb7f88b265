import {
  createFileRegistry,
  type DescFile,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import {
  fingerprintOf,
  isObject,
  malformed,
  type ParsedSchema,
  readingSchema,
  type SchemaSource,
  stableJson,
} from '../schema.ts';
import { readProtoText } from './read-text.ts';
import { jsonNameOf, resolveNames } from './resolve.ts';

export interface ProtobufSchema extends ParsedSchema {
  readonly format: 'PROTOBUF';
  readonly file: DescFile;
  /** Every type that the file can see. */
  readonly registry: FileRegistry;
  /** The file's own messages, those within others included, as they stand. */
  readonly messages: readonly DescMessage[];
  /** The file's descriptor in base64, as some clients of registries send and want it. */
  readonly serialized: string;
}

/** Files that every Protobuf compiler brings along, by the names they are imported by. */
const WELL_KNOWN: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map(({ proto }) => [proto.name, proto]),
);

export const isWellKnownFile = (name: string): boolean => WELL_KNOWN.has(name);

const ROOT_NAME = 'schema.proto';

/** The text of a .proto file, or its serialized descriptor in base64. @throws {KitError} `schema-malformed` */
export function parseProtobuf({ text, imports = {} }: Omit<SchemaSource, 'format'>): ProtobufSchema {
  return readingSchema('PROTOBUF', () => {
    const files = new Map<string, FileDescriptorProto>();
    const add = (held: string, name: string): FileDescriptorProto => {
      const file = readFile(held, name);
      for (const needed of file.dependency) {
        const known = WELL_KNOWN.get(needed);
        if (known !== undefined) addWellKnown(known, files);
        else if (!files.has(needed))
          throw malformed('PROTOBUF', `${name} imports ${JSON.stringify(needed)}, which no reference names`);
      }
      resolveNames(file, [...files.values()]);
      files.set(name, file);
      return file;
    };
    for (const [name, held] of Object.entries(imports)) add(held, name);
    const own = add(text, ROOT_NAME);
    const registry = createFileRegistry(own, (name) => files.get(name));
    const file = registry.getFile(ROOT_NAME);
    if (file === undefined) throw malformed('PROTOBUF', 'the file holds nothing');
    const messages = allMessages(file.messages);
    for (const message of messages) refuseDoubles(message);
    const canonical = canonicalProto(own);
    const others = [...files.values()].filter(({ name }) => Object.hasOwn(imports, name)).map(canonicalProto);
    return {
      format: 'PROTOBUF',
      text,
      imports,
      file,
      registry,
      messages,
      canonical,
      serialized: Buffer.from(toBinary(FileDescriptorProtoSchema, own)).toString('base64'),
      fingerprint: fingerprintOf('PROTOBUF', canonical, others),
    };
  });
}

function addWellKnown(file: FileDescriptorProto, files: Map<string, FileDescriptorProto>): void {
  if (files.has(file.name)) return;
  for (const needed of file.dependency) {
    const known = WELL_KNOWN.get(needed);
    if (known !== undefined) addWellKnown(known, files);
  }
  files.set(file.name, file);
}

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

function readFile(held: string, name: string): FileDescriptorProto {
  if (held.length % 4 !== 0 || !BASE64.test(held)) return readProtoText(held, name);
  const file = fromBinary(FileDescriptorProtoSchema, Buffer.from(held, 'base64'));
  file.name = name;
  delete file.sourceCodeInfo;
  return file;
}

function allMessages(messages: readonly DescMessage[]): readonly DescMessage[] {
  return messages.flatMap((message) => [message, ...allMessages(message.nestedMessages)]);
}

/** A descriptor can say what no text could. */
function refuseDoubles(message: DescMessage): void {
  const numbers = new Set<number>();
  for (const { number, name } of message.fields) {
    if (number < 1 || number > 536_870_911 || (number >= 19_000 && number < 20_000))
      throw malformed('PROTOBUF', `${message.typeName}.${name}: ${number} is no number of a field`);
    if (numbers.has(number)) throw malformed('PROTOBUF', `${message.typeName}.${name}: number ${number} is used twice`);
    numbers.add(number);
  }
}

/** Everything the file says but its own name; the order of its imports says nothing. */
function canonicalProto(file: FileDescriptorProto): string {
  const {
    name: _,
    dependency = [],
    ...rest
  } = toJson(FileDescriptorProtoSchema, file) as {
    readonly name?: string;
    readonly dependency?: readonly string[];
  };
  const withoutNames = JSON.parse(
    JSON.stringify(rest, (key, value: unknown) => (isEmptyOptions(key, value) ? undefined : withoutUsualName(value))),
  ) as object;
  return stableJson({ ...withoutNames, dependency: [...dependency].sort() });
}

const isEmptyOptions = (key: string, value: unknown): boolean =>
  key === 'options' && typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const withoutUsualName = (value: unknown): unknown => {
  if (!isObject(value) || typeof value['name'] !== 'string' || value['jsonName'] !== jsonNameOf(value['name']))
    return value;
  const { jsonName: _, ...rest } = value;
  return rest;
};
