import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EffectStore, openSqliteEffects, type Statement } from '@penstock/kit';

let folder: string;
let path: string;
let effects: EffectStore;

const note = (text: string): Statement => ({ sql: 'INSERT INTO notes (text) VALUES ($1)', params: [text] });

function notes(): readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare('SELECT text FROM notes ORDER BY rowid')
      .all()
      .map((row) => row['text']);
  } finally {
    database.close();
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-effects-'));
  path = join(folder, 'effects.db');
  effects = await openSqliteEffects({
    path,
    idempotencyWindowMs: 60_000,
    schema: ['CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL CHECK (length(text) < 10))'],
  });
});

afterEach(async () => {
  await effects.close();
  await rm(folder, { recursive: true });
});

test('an effect is applied once, whoever repeats it', async () => {
  expect(await effects.begin('k', 1)).toBe('fresh');
  expect(await effects.apply('k', 1, [note('first')])).toBe('applied');
  expect(await effects.apply('k', 1, [note('again')])).toBe('duplicate');
  expect(await effects.begin('k', 2)).toBe('applied');
  expect(await effects.apply('k', 2, [note('later')])).toBe('duplicate');
  expect(notes()).toEqual(['first']);
});

test('rejects the effect of a worker when a later delivery has begun', async () => {
  await effects.begin('k', 5);
  await effects.begin('k', 7);
  await expect(effects.apply('k', 5, [note('zombie')])).rejects.toMatchObject({ code: 'effect-fenced' });
  await expect(effects.begin('k', 6)).rejects.toMatchObject({ code: 'effect-fenced' });
  expect(await effects.apply('k', 7, [note('owner')])).toBe('applied');
  expect(notes()).toEqual(['owner']);
});

test('rejects an effect whose statement fails, takes back all of it and nothing of its batch', async () => {
  const results = await Promise.allSettled([
    effects.apply('good', 1, [note('good')]),
    effects.apply('bad', 2, [note('half'), note('far too long to be stored')]),
    effects.apply('fine', 3, [note('fine')]),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(notes()).toEqual(['good', 'fine']);
  expect(await effects.apply('bad', 4, [note('mended')])).toBe('applied');
});

test('the fence and the keys are those of every process on the file', async () => {
  const other = await openSqliteEffects({ path, idempotencyWindowMs: 60_000, schema: [] });
  await other.begin('k', 9);
  await expect(effects.apply('k', 8, [note('late')])).rejects.toMatchObject({ code: 'effect-fenced' });
  await other.apply('k', 9, [note('owner')]);
  expect(await effects.apply('k', 10, [note('again')])).toBe('duplicate');
  await other.close();
});
