import { type DescMessage, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { KitError } from '../../errors.ts';
import type { SchemaCodec } from '../codec.ts';
import { malformed } from '../schema.ts';
import { readMessageIndexes, writeMessageIndexes } from './message-indexes.ts';
import type { ProtobufSchema } from './parse.ts';

export interface ProtobufCodecOptions {
  /** Full name of the message that is written. @default - the first of the file */
  readonly message?: string;
}

export function protobufCodec(schema: ProtobufSchema, { message: wanted }: ProtobufCodecOptions): SchemaCodec {
  const message =
    wanted === undefined ? schema.file.messages[0] : schema.messages.find(({ typeName }) => typeName === wanted);
  if (message === undefined) throw malformed('PROTOBUF', `the file has no message ${wanted ?? ''}`);
  const { registry } = schema;
  const indexes = writeMessageIndexes(indexesOf(schema, message));
  return {
    schema,
    encode(value) {
      try {
        return Buffer.concat([indexes, toBinary(message, fromJson(message, value as never, { registry }))]);
      } catch (cause) {
        throw new KitError('event-malformed', `${message.typeName}: ${(cause as Error).message}`, { cause });
      }
    },
    decode(payload, writer = schema) {
      if (writer.format !== 'PROTOBUF')
        throw new KitError('schema-incompatible', `written by ${writer.format}, read by PROTOBUF`);
      const { indexes: path, rest } = readMessageIndexes(payload);
      const written = messageAt(writer, path);
      if (written === undefined)
        throw new KitError('event-malformed', `the writer's schema has no message at ${path.join('.')}`);
      const read =
        written.typeName === message.typeName
          ? message
          : schema.messages.find(({ typeName }) => typeName === written.typeName);
      if (read === undefined)
        throw new KitError('schema-incompatible', `message ${written.typeName} is not in the reader's schema`);
      try {
        return toJson(read, fromBinary(read, rest), { registry, alwaysEmitImplicit: true });
      } catch (cause) {
        throw new KitError('event-malformed', `not a ${written.typeName}: ${(cause as Error).message}`, { cause });
      }
    },
  };
}

function messageAt({ file }: ProtobufSchema, [first = 0, ...others]: readonly number[]): DescMessage | undefined {
  return others.reduce((message, index) => message?.nestedMessages[index], file.messages[first]);
}

function indexesOf({ file }: ProtobufSchema, message: DescMessage): readonly number[] {
  const siblings = message.parent?.nestedMessages ?? file.messages;
  return [
    ...(message.parent === undefined ? [] : indexesOf({ file } as ProtobufSchema, message.parent)),
    siblings.indexOf(message),
  ];
}
