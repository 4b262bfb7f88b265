import type { Incompatibility } from '../incompatibility.ts';
import type { AvroField, AvroNode, AvroPrimitive, AvroRecord } from './node.ts';

/** What the Avro specification lets a reader of the first type make of the second. */
const READS: Partial<Readonly<Record<AvroPrimitive, readonly AvroPrimitive[]>>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Why a reader cannot make sense of everything that a writer may have written; empty where it can. */
export function avroIncompatibilities(reader: AvroNode, writer: AvroNode): readonly Incompatibility[] {
  return new Comparison().compare(reader, writer, '');
}

/** Schemas that hold each other in unions many times over take exponentially many looks. */
const MOST_LOOKS = 20_000;

class Comparison {
  /** Pairs that are being compared, or were: a record that holds itself ends there. */
  readonly #met = new Map<AvroNode, Set<AvroNode>>();
  readonly #outer: Comparison | undefined;
  readonly #looks: { left: number };

  constructor(outer?: Comparison) {
    this.#outer = outer;
    this.#looks = outer === undefined ? { left: MOST_LOOKS } : outer.#looks;
  }

  compare(reader: AvroNode, writer: AvroNode, path: string): readonly Incompatibility[] {
    this.#looks.left -= 1;
    if (this.#looks.left < 0) return [tooLarge(path)];
    if (writer.kind === 'union') return writer.branches.flatMap((branch) => this.#fresh(reader, branch, path));
    if (reader.kind === 'union') return this.#anyOf(reader.branches, writer, path);
    const logical = logicalFault(reader, writer, path);
    if (logical !== undefined) return [logical];
    if (reader.kind === 'primitive' || writer.kind === 'primitive') {
      const isSame = reader.kind === 'primitive' && writer.kind === 'primitive' && canRead(reader.type, writer.type);
      return isSame ? [] : [typeFault(path, reader, writer)];
    }
    if (reader.kind === 'array' && writer.kind === 'array')
      return this.compare(reader.items, writer.items, `${path}/items`);
    if (reader.kind === 'map' && writer.kind === 'map')
      return this.compare(reader.values, writer.values, `${path}/values`);
    if (reader.kind === 'array' || reader.kind === 'map' || reader.kind !== writer.kind)
      return [typeFault(path, reader, writer)];
    if (reader.name !== writer.name && !reader.aliases.includes(writer.name)) {
      return [
        {
          path,
          rule: 'name-changed',
          message: `reads ${reader.kind} ${reader.name}, but ${writer.name} was written`,
          repair: `keep the name, or add the alias ${JSON.stringify(writer.name)} to the reader`,
        },
      ];
    }
    if (reader.kind === 'enum' && writer.kind === 'enum') {
      const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
      if (missing.length === 0 || reader.default !== undefined) return [];
      return [
        {
          path: `${path}/symbols`,
          rule: 'enum-symbols-missing',
          message: `${missing.join(', ')} may have been written, and the reader's ${reader.name} knows no such symbol`,
          repair: "keep the symbols, or give the reader's enum a default",
        },
      ];
    }
    if (reader.kind === 'fixed' && writer.kind === 'fixed') {
      if (reader.size === writer.size) return [];
      return [
        {
          path: `${path}/size`,
          rule: 'fixed-size-changed',
          message: `reads ${reader.size} bytes of ${reader.name}, but ${writer.size} were written`,
          repair: 'give what has another size another name and field',
        },
      ];
    }
    return this.#records(reader as AvroRecord, writer as AvroRecord, path);
  }

  #records(reader: AvroRecord, writer: AvroRecord, path: string): readonly Incompatibility[] {
    if (this.#hasMet(reader, writer)) return [];
    const met = this.#met.get(reader) ?? new Set();
    this.#met.set(reader, met.add(writer));
    return reader.fields.flatMap((field, index) => {
      const written = writtenAs(field, writer);
      if (written !== undefined)
        return this.compare(field.type, written.type, `${path}/fields/${index}(${field.name})/type`);
      if (field.hasDefault) return [];
      return [
        {
          path: `${path}/fields/${index}(${field.name})`,
          rule: 'field-without-default',
          message: `reads field ${field.name} of ${reader.name}, which was not written, and has no default for it`,
          repair: 'give the field a default',
        },
      ];
    });
  }

  /** Nothing where a branch reads it; otherwise the faults of the one that was meant, of the same name or kind. */
  #anyOf(branches: readonly AvroNode[], writer: AvroNode, path: string): readonly Incompatibility[] {
    let closest: readonly Incompatibility[] | undefined;
    for (const [index, branch] of branches.entries()) {
      const faults = this.#fresh(branch, writer, `${path}/${index}`);
      if (faults.length === 0) return [];
      if (nameOf(branch) === nameOf(writer)) closest ??= faults;
    }
    return closest ?? [branchMissing(path, branches, writer)];
  }

  /** Remembers nothing for the others: what fails in one branch may not count as met in the next. */
  #fresh(reader: AvroNode, writer: AvroNode, path: string): readonly Incompatibility[] {
    return new Comparison(this).compare(reader, writer, path);
  }

  #hasMet(reader: AvroNode, writer: AvroNode): boolean {
    if (this.#met.get(reader)?.has(writer) === true) return true;
    return this.#outer === undefined ? false : this.#outer.#hasMet(reader, writer);
  }
}

const canRead = (reader: AvroPrimitive, writer: AvroPrimitive): boolean =>
  reader === writer || (READS[reader] ?? []).includes(writer);

function writtenAs({ name, aliases }: AvroField, writer: AvroRecord): AvroField | undefined {
  const byName = (wanted: string) => writer.fields.find((field) => field.name === wanted);
  return byName(name) ?? aliases.map(byName).find((field) => field !== undefined);
}

const SHAPE = ['logicalType', 'precision', 'scale'];

/** The same bytes under two logical types are two values, which nothing would notice. */
function logicalFault(reader: AvroNode, writer: AvroNode, path: string): Incompatibility | undefined {
  if (reader.kind === 'union' || writer.kind === 'union') return undefined;
  const [read, written] = [reader.extra, writer.extra];
  if (read['logicalType'] === undefined || written['logicalType'] === undefined) return undefined;
  const differs = read['logicalType'] !== written['logicalType'] || (read['scale'] ?? 0) !== (written['scale'] ?? 0);
  if (!differs) return undefined;
  const shape = (extra: Readonly<Record<string, unknown>>) =>
    SHAPE.filter((key) => extra[key] !== undefined)
      .map((key) => `${key} ${extra[key]}`)
      .join(', ');
  return {
    path,
    rule: 'logical-type-changed',
    message: `reads ${shape(read)}, but ${shape(written)} was written: the same bytes mean another value`,
    repair: 'keep the logical type, and add a field for the new one',
  };
}

const typeFault = (path: string, reader: AvroNode, writer: AvroNode): Incompatibility => ({
  path,
  rule: 'type-changed',
  message: `reads ${nameOf(reader)}, but ${nameOf(writer)} was written`,
  repair: 'keep the type, or add a field for the new one',
});

const branchMissing = (path: string, branches: readonly AvroNode[], writer: AvroNode): Incompatibility => ({
  path,
  rule: 'union-branch-missing',
  message: `${nameOf(writer)} may have been written, and the reader's union of ${branches.map(nameOf).join(', ')} has no branch that reads it`,
  repair: `add a branch for ${nameOf(writer)} to the reader`,
});

const tooLarge = (path: string): Incompatibility => ({
  path,
  rule: 'not-comparable',
  message: `the schemas hold each other in unions so often that ${MOST_LOOKS} looks did not end the comparison`,
  repair: 'take records out of the unions that hold each other',
});

const nameOf = (node: AvroNode): string => {
  if (node.kind === 'primitive') return node.type;
  return 'name' in node ? `${node.kind} ${node.name}` : node.kind;
};
