import type { ErrorObject } from 'ajv';
import { KitError } from '../../errors.ts';
import type { SchemaCodec } from '../codec.ts';
import type { JsonSchema } from './parse.ts';

const MOST_SHOWN = 5;

export function jsonCodec(schema: JsonSchema): SchemaCodec {
  const validated = (value: unknown): unknown => {
    if (schema.validate(value) === true) return value;
    const faults = (schema.validate.errors ?? []).slice(0, MOST_SHOWN).map(faultText);
    throw new KitError('event-malformed', faults.join('; '));
  };
  return {
    schema,
    encode(value) {
      const text = JSON.stringify(value);
      if (text === undefined) throw new KitError('event-malformed', `JSON knows no ${typeof value}`);
      // What is validated is what is written: a date is a string by then.
      validated(JSON.parse(text));
      return Buffer.from(text);
    },
    decode(payload, writer = schema) {
      if (writer.format !== 'JSON')
        throw new KitError('schema-incompatible', `written by ${writer.format}, read by JSON`);
      let value: unknown;
      try {
        value = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
      } catch (cause) {
        throw new KitError('event-malformed', `no JSON: ${(cause as Error).message}`, { cause });
      }
      return validated(value);
    },
  };
}

const faultText = ({ instancePath, message, params }: ErrorObject): string => {
  const detail = Object.values(params).filter((value) => typeof value !== 'object');
  return `${instancePath === '' ? '/' : instancePath}: ${message}${detail.length === 0 ? '' : ` (${detail.join(', ')})`}`;
};
