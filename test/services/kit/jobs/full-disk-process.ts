import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KitError } from '../../../../services/kit/src/errors.ts';
import { openJobStore, provisionJobStore } from '../../../../services/kit/src/jobs/open-store.ts';
import { job } from './store-fixture.ts';

// Runs on a disk of a few MiB, given as the only argument, and tells its parent what came of it.

export interface JobsOnFullDisk {
  readonly accepted: readonly string[];
  /** Codes of two calls of one batch. */
  readonly refusedWith: readonly string[];
  readonly found: readonly string[];
}

const folder = process.argv[2] as string;
const ballast = join(folder, 'ballast');
writeFileSync(ballast, new Uint8Array(1_000_000));
const path = join(folder, 'jobs.db');
await provisionJobStore(`sqlite:${path}`);
const store = await openJobStore(`sqlite:${path}`);
const add = (id: string) => store.run('add', [job(id, { payload: new Uint8Array(32_768).fill(7) })]);
const accepted: string[] = [];
const refusedWith: string[] = [];
while (refusedWith.length === 0) {
  const ids = [`j${accepted.length}`, `j${accepted.length + 1}`];
  const outcomes = await Promise.allSettled(ids.map(add));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') accepted.push(ids[index] as string);
    else refusedWith.push((outcome.reason as KitError).code);
  }
}
// One of the two may still have fitted.
while (refusedWith.length < 2)
  await add(`j${accepted.length}`).then(
    ([receipt]) => accepted.push(receipt?.id as string),
    (error: unknown) => refusedWith.push((error as KitError).code),
  );
rmSync(ballast);
await add('after');
await store.close();
const database = new DatabaseSync(path, { readOnly: true });
const found = database.prepare('SELECT id FROM jobs ORDER BY id').all();
database.close();
const report: JobsOnFullDisk = { accepted, refusedWith, found: found.map(({ id }) => id as string) };
process.stdout.write(JSON.stringify(report));
