import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { EffectStore, Statement } from '@penstock/kit';
import { openEffects } from '../../../services/kit/src/effects/open-effects.ts';
import { PostgresServer, postgresRequirement } from '../../helpers/postgres-server.ts';
import { describeWith } from '../../helpers/requirement.ts';

const note = (text: string): Statement => ({ sql: 'INSERT INTO notes (text) VALUES ($1)', params: [text] });
const options = {
  idempotencyWindowMs: 60_000,
  schema: ['CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL CHECK (length(text) < 10))'],
};

describeWith(postgresRequirement(), 'effects in PostgreSQL', () => {
  let server: PostgresServer;
  let replicas: readonly EffectStore[];
  beforeAll(async () => {
    server = await PostgresServer.start({ parameters: {}, access: ['host all all 127.0.0.1/32 trust'] });
  }, 60_000);
  afterAll(async () => server?.[Symbol.asyncDispose](), 60_000);
  beforeEach(async () => {
    // All at once, as replicas start.
    replicas = await Promise.all([1, 2, 3].map(() => openEffects(server.url(), options)));
    await server.ask('TRUNCATE notes, effects');
  });
  afterEach(async () => {
    await Promise.all(replicas.map((store) => store.close()));
  });

  const replica = (index: number): EffectStore => replicas[index % replicas.length] as EffectStore;
  const notes = async () => (await server.ask<{ text: string }>('SELECT text FROM notes')).map(({ text }) => text);

  test('an effect is applied once, whichever replica repeats it', async () => {
    expect(await replica(0).begin('k', 1)).toBe('fresh');
    expect(await replica(0).apply('k', 1, [note('first')])).toBe('applied');
    expect(await replica(1).apply('k', 2, [note('again')])).toBe('duplicate');
    expect(await replica(2).begin('k', 3)).toBe('applied');
    expect(await notes()).toEqual(['first']);
  });

  test('of many replicas that apply one effect at once, one does', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => replica(n).apply('k', 1, [note('once')])));
    expect(answers.filter((answer) => answer === 'applied')).toHaveLength(1);
    expect(await notes()).toEqual(['once']);
  });

  test('rejects the effect of a worker when a later delivery has begun', async () => {
    await replica(0).begin('k', 5);
    await replica(1).begin('k', 7);
    await expect(replica(0).apply('k', 5, [note('zombie')])).rejects.toMatchObject({ code: 'effect-fenced' });
    await expect(replica(2).begin('k', 6)).rejects.toMatchObject({ code: 'effect-fenced' });
    expect(await replica(1).apply('k', 7, [note('owner')])).toBe('applied');
    expect(await notes()).toEqual(['owner']);
  });

  test('rejects an effect whose statement fails, and takes back all of it', async () => {
    const half = replica(0).apply('bad', 2, [note('half'), note('far too long to be stored')]);
    await expect(half).rejects.toMatchObject({ code: 'storage-failed' });
    expect(await replica(1).apply('bad', 4, [note('mended')])).toBe('applied');
    expect(await notes()).toEqual(['mended']);
  });
});
