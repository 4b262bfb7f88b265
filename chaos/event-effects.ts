import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import type { EventEffectRow } from './event-check.ts';

/** A table without a key: what is applied twice stands there twice. */
export const effectsSchema = (url: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS chaos_effects (
    seq ${url.startsWith('sqlite:') ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
    item TEXT NOT NULL,
    aggregate TEXT NOT NULL
  )`,
];

const ROWS = 'SELECT seq, item, aggregate FROM chaos_effects ORDER BY seq';

/** Reads what was applied, past the kit. */
export class EffectsReader {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async rows(): Promise<readonly EventEffectRow[]> {
    const path = this.#url.slice('sqlite:'.length);
    if (this.#url.startsWith('sqlite:') && existsSync(path)) {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return database.prepare(ROWS).all() as unknown as EventEffectRow[];
      } finally {
        database.close();
      }
    }
    const client = new Client(this.#url);
    try {
      await client.connect();
      const { rows } = await client.query<{ seq: string; item: string; aggregate: string }>(ROWS);
      return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
    } finally {
      await client.end();
    }
  }
}
