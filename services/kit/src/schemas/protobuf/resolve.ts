import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { malformed } from '../schema.ts';

type Kind = 'message' | 'enum';

/**
 * Gives every field and method the full name of its type, and every field its name in JSON, by the scoping of Protobuf: the innermost scope that has the
 * first part of the name. Changes the file.
 *
 * @param others all files it can see
 * @throws {KitError} `schema-malformed` for a name that nothing has
 */
export function resolveNames(file: FileDescriptorProto, others: readonly FileDescriptorProto[]): void {
  const known = new Map<string, Kind>();
  for (const each of [...others, file]) {
    const add = (scope: string, messages: readonly DescriptorProto[], enums: readonly EnumDescriptorProto[]): void => {
      for (const { name } of enums) known.set(inScope(scope, name), 'enum');
      for (const message of messages) {
        const full = inScope(scope, message.name);
        known.set(full, 'message');
        add(full, message.nestedType, message.enumType);
      }
    };
    add(each.package, each.messageType, each.enumType);
  }
  const find = (name: string, scope: string): string => {
    const found = scopesOf(name, scope).find((candidate) => known.has(candidate));
    if (found === undefined)
      throw malformed('PROTOBUF', `no type ${JSON.stringify(name)} in ${scope === '' ? 'the file' : scope}`);
    return found;
  };
  const resolveField = (field: FieldDescriptorProto, scope: string): void => {
    if (field.jsonName === '') field.jsonName = jsonNameOf(field.name);
    if (field.extendee !== '' && !field.extendee.startsWith('.')) field.extendee = `.${find(field.extendee, scope)}`;
    if (field.typeName === '') return;
    const found = find(field.typeName, scope);
    field.typeName = `.${found}`;
    if (known.get(found) === 'enum') field.type = FieldDescriptorProto_Type.ENUM;
    else if (field.type !== FieldDescriptorProto_Type.GROUP) field.type = FieldDescriptorProto_Type.MESSAGE;
  };
  const resolveMessage = (message: DescriptorProto, scope: string): void => {
    const full = inScope(scope, message.name);
    for (const field of [...message.field, ...message.extension]) resolveField(field, full);
    for (const nested of message.nestedType) resolveMessage(nested, full);
  };
  for (const message of file.messageType) resolveMessage(message, file.package);
  for (const extension of file.extension) resolveField(extension, file.package);
  for (const { method } of file.service) {
    for (const each of method) {
      each.inputType = `.${find(each.inputType, file.package)}`;
      each.outputType = `.${find(each.outputType, file.package)}`;
    }
  }
}

/** The name in JSON of a field that says none: without underscores, with a capital after each. */
export const jsonNameOf = (name: string): string =>
  name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase());

const inScope = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

function scopesOf(name: string, scope: string): readonly string[] {
  if (name.startsWith('.')) return [name.slice(1)];
  const steps = scope === '' ? [] : scope.split('.');
  return [...steps.map((_, index) => `${steps.slice(0, steps.length - index).join('.')}.${name}`), name];
}
