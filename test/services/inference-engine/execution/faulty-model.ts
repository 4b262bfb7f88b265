import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

// A model whose texts say what happens to its process; one with the file `broken` in its folder cannot be loaded.

const { folder } = JSON.parse(process.argv[3] ?? '{}') as { readonly folder: string };
const broken = join(folder, 'broken');
if (existsSync(broken)) {
  rmSync(broken);
  process.stderr.write('no such weights\n');
  process.exit(3);
}

process.on('message', ({ id, batch }: { readonly id: number; readonly batch: readonly string[] }) => {
  if (batch.includes('segfault')) process.kill(process.pid, 'SIGSEGV');
  else if (batch.includes('hang')) for (;;);
  else if (batch.includes('bad')) process.send?.({ id, ok: false, message: 'a bad text' });
  else process.send?.({ id, ok: true, outputs: batch.map((text) => `${process.pid} ${text}`) });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
