import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KitError } from '../errors.ts';

/** What stands in a payload for content that is too large for one. It names the content, not a place. */
export const blobReference = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 as 64 hexadecimal digits'),
  bytes: z.int().min(0),
});

export type BlobReference = z.output<typeof blobReference>;

/** Content beside the jobs: put before the job is added, got by whoever handles it. */
export interface BlobStore {
  /** Resolves when it is durable. The same content, put again, is the same blob. */
  put(content: Uint8Array): Promise<BlobReference>;
  /** @throws {KitError} `blob-missing`; `storage-corrupt` when it is not what the reference says */
  get(reference: BlobReference): Promise<Uint8Array>;
  /**
   * Forgets what nobody has put since a moment, in milliseconds since the epoch: before the oldest job that may still
   * refer to it. Returns how many.
   */
  purge(before: number): Promise<number>;
}

/** Blobs as files of one folder, which every producer and worker has mounted. */
export class FolderBlobs implements BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(content: Uint8Array): Promise<BlobReference> {
    const reference = { sha256: sha256Of(content), bytes: content.byteLength };
    const path = this.#pathOf(reference);
    // One that is there is young again, or a purge could take it before its new job is done.
    const now = new Date();
    if (await utimes(path, now, now).then(isTrue, isFalse)) return reference;
    await mkdir(dirname(path), { recursive: true });
    const written = `${path}.${randomUUID()}`;
    try {
      await writeThrough(written, content);
      await rename(written, path);
      await syncFolder(dirname(path));
    } catch (cause) {
      await rm(written, { force: true });
      const isFull = (cause as { readonly code?: string }).code === 'ENOSPC';
      throw new KitError(isFull ? 'storage-full' : 'storage-failed', `a blob could not be written to ${this.#folder}`, {
        cause,
      });
    }
    return reference;
  }

  async get(reference: BlobReference): Promise<Uint8Array> {
    const content = await readFile(this.#pathOf(reference)).catch((cause: unknown) => {
      throw new KitError('blob-missing', `no blob ${reference.sha256} in ${this.#folder}`, {
        repair: 'put it before the job is added, and purge nothing that a job may refer to',
        cause,
      });
    });
    if (content.byteLength === reference.bytes && sha256Of(content) === reference.sha256) return content;
    throw new KitError('storage-corrupt', `blob ${reference.sha256} in ${this.#folder} is not what was put`);
  }

  async purge(before: number): Promise<number> {
    let purged = 0;
    for (const shelf of await readdir(this.#folder).catch(() => [])) {
      for (const name of await readdir(join(this.#folder, shelf))) {
        const path = join(this.#folder, shelf, name);
        const { mtimeMs } = await stat(path);
        if (mtimeMs >= before) continue;
        await rm(path, { force: true });
        purged += 1;
      }
    }
    return purged;
  }

  /** A folder of folders: none of them grows to where it is slow to list. */
  #pathOf({ sha256 }: BlobReference): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }
}

const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const isTrue = (): boolean => true;
const isFalse = (): boolean => false;

async function writeThrough(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The name of a file is durable with its folder, not with the file. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
