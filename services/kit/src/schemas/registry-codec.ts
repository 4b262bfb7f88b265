import { KitError } from '../errors.ts';
import { type CodecOptions, codecOf, type SchemaCodec } from './codec.ts';
import type { Schema } from './compatibility.ts';
import type { RegistrableSchema, RegistryClient } from './registry-client.ts';
import { type SubjectNames, topicNames } from './subject-names.ts';
import { frame, unframe } from './wire-format.ts';

export interface RegistryCodecOptions extends CodecOptions {
  readonly client: RegistryClient;
  /** What is written, and what is read as. */
  readonly schema: RegistrableSchema;
  /** @default topicNames */
  readonly subjectNames?: SubjectNames;
  /** `key` or `value` of a record. @default 'value' */
  readonly part?: 'key' | 'value';
  /**
   * Whether a schema that the registry does not have is registered when it is first written. In production it is
   * published before, where its compatibility is checked.
   *
   * @default false
   */
  readonly registers?: boolean;
}

/** Values of one schema in the wire format of Confluent: what others have written in other versions is read, too. */
export class RegistryCodec {
  readonly #options: RegistryCodecOptions;
  readonly #codec: SchemaCodec;
  readonly #ids = new Map<string, Promise<number>>();

  private constructor(options: RegistryCodecOptions, schema: Schema) {
    this.#options = options;
    this.#codec = codecOf(schema, options);
  }

  /** Reads the schema and what it uses. @throws {KitError} `schema-malformed`, `schema-missing`, `registry-unreachable` */
  static async open(options: RegistryCodecOptions): Promise<RegistryCodec> {
    return new RegistryCodec(options, await options.client.parse(options.schema));
  }

  /** @throws {KitError} `event-malformed`; `schema-missing` where the schema is not registered; `registry-unreachable` */
  async encode(topic: string, value: unknown): Promise<Uint8Array> {
    return frame(await this.#id(topic), this.#codec.encode(value));
  }

  /** @throws {KitError} `event-malformed`, `schema-incompatible`, `schema-missing`, `registry-unreachable` */
  async decode(bytes: Uint8Array): Promise<unknown> {
    const { schemaId, payload } = unframe(bytes);
    return this.#codec.decode(payload, await this.#options.client.schema(schemaId));
  }

  #id(topic: string): Promise<number> {
    const { client, schema, subjectNames = topicNames, part = 'value', registers = false } = this.#options;
    const subject = subjectNames({ topic, part, record: recordNameOf(this.#codec.schema) });
    const known = this.#ids.get(subject);
    if (known !== undefined) return known;
    const id = registers
      ? client.register(subject, schema)
      : client.lookUp(subject, schema).then((found) => found.id, unpublished(subject));
    this.#ids.set(subject, id);
    id.catch(() => this.#ids.delete(subject));
    return id;
  }
}

const unpublished =
  (subject: string) =>
  (error: unknown): never => {
    if (!KitError.is(error, 'schema-missing')) throw error;
    throw new KitError('schema-missing', `subject ${subject} has no version with this schema`, {
      cause: error,
      repair: 'publish it first (`penstock schemas publish`), or let the codec register it',
    });
  };

/** Full name of what a schema describes: record, message, or title. Empty where it has none. */
export function recordNameOf(schema: Schema): string {
  if (schema.format === 'AVRO' && 'name' in schema.node) return schema.node.name;
  if (schema.format === 'PROTOBUF') return schema.file.messages[0]?.typeName ?? '';
  if (schema.format === 'JSON' && typeof schema.node !== 'boolean' && typeof schema.node['title'] === 'string')
    return schema.node['title'];
  return '';
}
