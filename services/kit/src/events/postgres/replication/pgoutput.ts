import { KitError } from '../../../errors.ts';

// What PostgreSQL's own plugin says of a transaction, in the first version of its protocol: the beginning, the shape of
// each table, the rows as text, and the commit.

/** A row that was inserted, by the names of its columns; null where there is nothing. */
export type InsertedRow = Readonly<Record<string, string | null>>;

export interface CommittedRows {
  readonly rows: readonly InsertedRow[];
  /** Where the log goes on behind the commit. */
  readonly end: bigint;
}

const MESSAGES = { begin: 'B', relation: 'R', insert: 'I', commit: 'C' } as const;
const NULL = 'n';
const TEXT = 't';

/** Puts rows together that one transaction inserted. */
export class PgOutputReader {
  readonly #columns = new Map<number, readonly string[]>();
  #rows: InsertedRow[] = [];

  /** @returns a transaction at its commit. @throws {KitError} `storage-failed` for what nobody asked for */
  read(message: Buffer): CommittedRows | undefined {
    const reader = new Fields(message);
    switch (reader.character()) {
      case MESSAGES.begin:
        this.#rows = [];
        return undefined;
      case MESSAGES.relation:
        this.#learn(reader);
        return undefined;
      case MESSAGES.insert:
        this.#rows.push(this.#rowOf(reader));
        return undefined;
      case MESSAGES.commit: {
        reader.skip(1 + 8);
        return { rows: this.#rows, end: reader.long() };
      }
      default:
        // Origins, types and messages of others say nothing of rows.
        return undefined;
    }
  }

  #learn(reader: Fields): void {
    const relation = reader.int();
    reader.text();
    reader.text();
    reader.skip(1);
    const columns = Array.from({ length: reader.short() }, () => {
      reader.skip(1);
      const name = reader.text();
      reader.skip(4 + 4);
      return name;
    });
    this.#columns.set(relation, columns);
  }

  #rowOf(reader: Fields): InsertedRow {
    const names = this.#columns.get(reader.int()) ?? [];
    // Of an insert there is a new row alone.
    reader.skip(1);
    const count = reader.short();
    const row: Record<string, string | null> = {};
    for (let index = 0; index < count; index++) {
      const kind = reader.character();
      if (kind !== TEXT && kind !== NULL)
        throw new KitError('storage-failed', `replication: a column is told of as ${JSON.stringify(kind)}`);
      const value = kind === NULL ? null : reader.sized();
      const name = names[index];
      if (name !== undefined) row[name] = value;
    }
    return row;
  }
}

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }

  character(): string {
    this.#at += 1;
    return String.fromCharCode(this.#bytes[this.#at - 1] as number);
  }

  short(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.#bytes.readBigUInt64BE(this.#at - 8);
  }

  /** Up to a zero. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  sized(): string {
    const length = this.int();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}
