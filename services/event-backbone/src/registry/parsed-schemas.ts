import { parseSchema, type Schema, type SchemaReference } from '@penstock/kit/schemas';
import { RegistryError } from './registry-error.ts';
import type { StoredSchema } from './schema-store.ts';

/** More than the versions of the subjects that anybody works on at a time. */
const MOST_KEPT = 500;

/** Deeper than anybody's schemas use each other. */
const DEEPEST = 50;

/** Stored schemas, read once: they never change. */
export class ParsedSchemas {
  readonly #kept = new Map<number, Schema>();
  readonly #resolve: (reference: SchemaReference) => StoredSchema;

  /** @param resolve finds what a reference names, or throws */
  constructor(resolve: (reference: SchemaReference) => StoredSchema) {
    this.#resolve = resolve;
  }

  get(schema: StoredSchema): Schema {
    const known = this.#kept.get(schema.id);
    if (known !== undefined) return known;
    const read = parseSchema({ format: schema.format, text: schema.text, imports: this.importsOf(schema.references) });
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MOST_KEPT) this.#kept.delete(oldest);
    this.#kept.set(schema.id, read);
    return read;
  }

  /** Texts by the names they are used by, what is needed before what needs it. @throws {RegistryError} `schema-malformed` */
  importsOf(references: readonly SchemaReference[]): Readonly<Record<string, string>> {
    const texts = new Map<string, string>();
    const add = (reference: SchemaReference, depth: number): void => {
      if (texts.has(reference.name)) return;
      if (depth > DEEPEST)
        throw new RegistryError('schema-malformed', `Invalid schema: more than ${DEEPEST} references use each other`);
      const { text, references: inner } = this.#resolve(reference);
      for (const each of inner) add(each, depth + 1);
      texts.set(reference.name, text);
    };
    for (const reference of references) add(reference, 0);
    return Object.fromEntries(texts);
  }
}
