import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

// A model thread whose life is written in its folder: it dies of the first text, cannot be loaded once, then works.

const port = parentPort as MessagePort;
const { folder } = workerData as { readonly folder: string };
const seen = (name: string): boolean => {
  const file = join(folder, name);
  const there = existsSync(file);
  writeFileSync(file, '');
  return there;
};

if (seen('started') && !seen('failed')) process.exit(3);
port.on('message', ({ id, texts }: { readonly id: number; readonly texts: readonly string[] }) => {
  if (!seen('asked')) process.exit(4);
  port.postMessage({ id, ok: true, result: texts.map((text) => ({ tokens: text.length })) });
});
port.postMessage('ready');
