import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KitError, openBus, openBusAdmin, openSqliteEffects } from '@penstock/kit';
import { testProfile } from './bus/profile.ts';

// Runs on a disk of a few MiB, given as the only argument, and tells its parent what came of it.

export interface FullDiskReport {
  readonly accepted: readonly string[];
  readonly refusedWith: string;
  readonly takenOnceThereIsRoom: readonly string[];
  readonly applied: readonly string[];
  readonly effectRefusedWith: string;
  readonly rows: number;
}

const folder = process.argv[2] as string;
const ballast = join(folder, 'ballast');
const fillUp = (): void => writeFileSync(ballast, new Uint8Array(1_000_000));
const makeRoom = (): void => rmSync(ballast);
const payload = new Uint8Array(32_768).fill(7);

/** Works until it is refused; what was done, and the code of the refusal. */
async function untilRefused(work: (key: string) => Promise<unknown>): Promise<{ done: string[]; code: string }> {
  const done: string[] = [];
  for (let n = 0; ; n += 1) {
    try {
      await work(`k-${n}`);
      done.push(`k-${n}`);
    } catch (error) {
      return { done, code: (error as KitError).code };
    }
  }
}

fillUp();
const url = `sqlite:${join(folder, 'bus.db')}`;
const profile = testProfile('full');
const admin = await openBusAdmin(url);
await admin.provision(profile);
const bus = await openBus(url);
const queue = await bus.bind(profile);
const published = await untilRefused((idempotencyKey) => queue.publish({ idempotencyKey, payload }));
makeRoom();
await queue.publish({ idempotencyKey: 'after', payload });
const taken: string[] = [];
await new Promise<void>((resolve, reject) => {
  queue
    .consume({ prefetch: 10 }, (lease) => {
      taken.push(lease.idempotencyKey);
      lease.ack().then(() => taken.length > published.done.length && resolve(), reject);
    })
    .closed.catch(reject);
});
await bus.close();
await admin.close();
for (const file of ['bus.db', 'bus.db-wal', 'bus.db-shm']) rmSync(join(folder, file), { force: true });

fillUp();
const effects = await openSqliteEffects({
  path: join(folder, 'effects.db'),
  idempotencyWindowMs: 60_000,
  schema: ['CREATE TABLE IF NOT EXISTS ledger (item TEXT NOT NULL, body BLOB NOT NULL)'],
});
const apply = (key: string) =>
  effects.apply(key, 1, [{ sql: 'INSERT INTO ledger (item, body) VALUES ($1, $2)', params: [key, payload] }]);
const written = await untilRefused(apply);
makeRoom();
// Whoever was refused tries again, and whoever was answered and does not know it, too.
await apply(`k-${written.done.length}`);
const again = await Promise.all(written.done.map(apply));
await effects.close();
const { DatabaseSync } = await import('node:sqlite');
const ledger = new DatabaseSync(join(folder, 'effects.db'), { readOnly: true });
const { rows } = ledger.prepare('SELECT count(*) AS rows FROM ledger').get() as { readonly rows: number };
ledger.close();

const report: FullDiskReport = {
  accepted: published.done,
  refusedWith: published.code,
  takenOnceThereIsRoom: taken,
  applied: written.done.filter((_, index) => again[index] === 'duplicate'),
  effectRefusedWith: written.code,
  rows,
};
process.stdout.write(JSON.stringify(report));
