import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { blobReference, defineTask, FolderBlobs, JobQueue } from '@penstock/kit/jobs';
import { z } from 'zod';
import { MemoryStore } from './memory-store.ts';

let folder: string;
let blobs: FolderBlobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penstock-blobs-'));
  blobs = new FolderBlobs(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const film = new Uint8Array(3_000_000).fill(7);

describe('a large payload', () => {
  test('goes by reference: a job carries a hundred bytes, and its handler gets all of it', async () => {
    const develop = defineTask({ name: 'develop', payload: z.object({ film: blobReference }) });
    const store = new MemoryStore();
    const queue = new JobQueue({ queue: 'q', store });
    const { id } = await queue.add(develop, { film: await blobs.put(film) }, { idempotencyKey: 'k' });
    const stored = store.database.prepare('SELECT payload FROM jobs WHERE id = ?').get(id)?.['payload'] as Uint8Array;
    expect(stored.byteLength).toBeLessThan(128);
    const payload = develop.payload.parse(JSON.parse(new TextDecoder().decode(stored.subarray(1))));
    expect(Buffer.from(await blobs.get(payload.film)).equals(Buffer.from(film))).toBe(true);
  });

  test('is one blob, however often and by however many it is put', async () => {
    const references = await Promise.all(Array.from({ length: 8 }, () => new FolderBlobs(folder).put(film)));
    expect(new Set(references.map(({ sha256 }) => sha256)).size).toBe(1);
    const [shelf] = await readdir(folder);
    expect(await readdir(join(folder, shelf as string))).toEqual([references[0]?.sha256]);
  });

  test('is forgotten when nobody has put it since', async () => {
    const old = await blobs.put(film);
    expect(await blobs.purge(Date.now() - 60_000)).toBe(0);
    expect(await blobs.purge(Date.now() + 60_000)).toBe(1);
    await expect(blobs.get(old)).rejects.toMatchObject({ code: 'blob-missing', retryable: false });
    await expect(blobs.put(film)).resolves.toEqual(old);
  });

  test('rejects content that is not what was put', async () => {
    const reference = await blobs.put(film);
    await writeFile(join(folder, reference.sha256.slice(0, 2), reference.sha256), film.with(9, 8));
    await expect(blobs.get(reference)).rejects.toMatchObject({ code: 'storage-corrupt' });
  });

  test('rejects a reference that would lead out of the folder', () => {
    expect(blobReference.safeParse({ sha256: `../${'a'.repeat(61)}`, bytes: 1 }).success).toBe(false);
  });
});
