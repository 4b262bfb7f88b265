export { parsingCanonicalForm, rabinFingerprint } from './avro/canonical.ts';
export type { AvroNode } from './avro/node.ts';
export { type AvroSchema, parseAvro } from './avro/parse.ts';
export { type CodecOptions, codecOf, type SchemaCodec } from './codec.ts';
export {
  COMPATIBILITY_LEVELS,
  type CompatibilityFault,
  type CompatibilityLevel,
  checkCompatibility,
  incompatibilities,
  parseSchema,
  type RegisteredVersion,
  type Schema,
} from './compatibility.ts';
export { eventTypes } from './generate/event-types.ts';
export type { Incompatibility, IncompatibilityRule } from './incompatibility.ts';
export { type JsonSchema, parseJsonSchema } from './json/parse.ts';
export { type ProtobufSchema, parseProtobuf } from './protobuf/parse.ts';
export {
  type RegisteredSchema,
  type RegistrableSchema,
  RegistryClient,
  type RegistryClientOptions,
} from './registry-client.ts';
export { RegistryCodec, type RegistryCodecOptions, recordNameOf } from './registry-codec.ts';
export {
  type ParsedSchema,
  SCHEMA_FORMATS,
  type SchemaFormat,
  type SchemaReference,
  type SchemaSource,
} from './schema.ts';
export { recordNames, type SubjectNames, type SubjectScope, topicNames, topicRecordNames } from './subject-names.ts';
export { type Upcast, Upcasters, type UpcastersOptions } from './upcasters.ts';
export { frame, unframe } from './wire-format.ts';
