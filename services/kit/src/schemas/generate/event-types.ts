import type { Schema } from '../compatibility.ts';
import { avroTypes } from './avro-types.ts';
import { jsonTypes } from './json-types.ts';
import { protobufTypes } from './protobuf-types.ts';
import { keyText, TypeNames } from './type-text.ts';

/**
 * TypeScript types of the events of some schemas, by their subjects. The same schemas are the same text, whatever order
 * they come in.
 */
export function eventTypes(schemas: Readonly<Record<string, Schema>>): string {
  const names = new TypeNames();
  const written = new Set<string>();
  const subjects = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  const made = subjects.map(([subject, schema]) => {
    const { type, declarations } = typesOf(schema, subject, names, written);
    return { declarations, line: `  readonly ${keyText(subject)}: ${type};\n` };
  });
  return [
    '// Made from schemas by `penstock schemas generate`, and made again by it: change the schemas instead.\n',
    ...made.map(({ declarations }) => declarations).filter((text) => text !== ''),
    `/** The events of each subject. */\nexport interface Events {\n${made.map(({ line }) => line).join('')}}\n`,
  ].join('\n');
}

function typesOf(schema: Schema, subject: string, names: TypeNames, written: Set<string>) {
  if (schema.format === 'AVRO') return avroTypes(schema, names, written);
  return schema.format === 'JSON' ? jsonTypes(schema, subject, names, written) : protobufTypes(schema, names, written);
}
