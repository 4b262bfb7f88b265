import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { trackedFiles } from '../helpers/tracked-files.ts';

// The project works on any machine: nothing in it names one, nor the registry that its packages happened to come from.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const THIS_FILE = 'test/architecture/anywhere.test.ts';

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a folder of one machine': /(?<![\w.])\/(?:work|root|Users|home\/[a-z]+)\//,
  'a package registry':
    /registry\.npmjs|registry\.yarnpkg|pypi\.org|pythonhosted\.org|repo1?\.maven|proxy\.golang|static\.crates|deb\.debian/,
  'an address a package was fetched from': /"resolved": "https?:/,
  'a private key': /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/,
};

const files = trackedFiles(ROOT).filter((file) => file !== THIS_FILE);

test.each(Object.entries(FORBIDDEN))('nothing holds %s', (_what, pattern) => {
  const found = files.filter((file) => pattern.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(found).toEqual([]);
});

test('the patterns find what they are for', () => {
  expect('cd /home/somebody/src').toMatch(FORBIDDEN['a folder of one machine'] as RegExp);
  expect('node_modules/.bin/work/').not.toMatch(FORBIDDEN['a folder of one machine'] as RegExp);
});
