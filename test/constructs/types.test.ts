import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = new URL('../../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, root));

test('illegal props do not compile, a plain secret among them, and nothing else in their file is wrong', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [path('node_modules/typescript/bin/tsc'), '--noEmit', '-p', path('test/constructs/types')],
    { encoding: 'utf8' },
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
