export type Dialect = 'sqlite' | 'postgres';

interface ColumnTypes {
  readonly bytes: string;
  readonly number: string;
  readonly fraction: string;
  readonly sequence: string;
}

/** What columns are called in each dialect. */
export const COLUMN_TYPES: Readonly<Record<Dialect, ColumnTypes>> = {
  sqlite: { bytes: 'BLOB', number: 'INTEGER', fraction: 'REAL', sequence: 'INTEGER PRIMARY KEY AUTOINCREMENT' },
  postgres: {
    bytes: 'BYTEA',
    number: 'BIGINT',
    fraction: 'DOUBLE PRECISION',
    sequence: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  },
};
