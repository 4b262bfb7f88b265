import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Spread, spreadOf } from './report.ts';

const WRITES = 200;
const WRITE_BYTES = 4_096;

/** Milliseconds that one appended and synced page takes on the file system of the temporary folder. */
export function probeFsync(): Spread {
  const path = join(tmpdir(), `penstock-bench-fsync-${process.pid}`);
  const file = openSync(path, 'wx');
  const page = Buffer.alloc(WRITE_BYTES, 1);
  try {
    return spreadOf(
      Array.from({ length: WRITES }, () => {
        const startedAt = performance.now();
        writeSync(file, page);
        fdatasyncSync(file);
        return performance.now() - startedAt;
      }),
    );
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
