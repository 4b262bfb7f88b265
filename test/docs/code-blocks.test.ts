import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compile } from '../helpers/compiler.ts';
import { trackedFiles } from '../helpers/tracked-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript block of every document, by the name of the file it is tried as. */
const blocks = trackedFiles(ROOT)
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code], index) => [`${file.replaceAll('/', '-')}-${index + 1}.ts`, code as string] as const,
    ),
  );

let folder: string;

beforeAll(() => {
  // Inside the project, so that packages resolve as they do for a reader.
  mkdirSync(join(ROOT, '.penstock'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.penstock', 'docs-'));
  for (const [name, code] of blocks) writeFileSync(join(folder, name), code);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], exclude: [] }),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (file: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: ROOT, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};

test('the documents have code to try', () => {
  expect(blocks.map(([name]) => name)).toContain('README.md-1.ts');
});

test('every block compiles by the settings of the project', () => {
  expect(compile(folder)).toEqual({ status: 0, output: '' });
}, 60_000);

test.each(blocks)(
  '%s runs',
  (name) => {
    expect(run(join(folder, name))).toEqual({ status: 0, output: '' });
  },
  60_000,
);
