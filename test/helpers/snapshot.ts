import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';

const GOLDEN = join(import.meta.dirname, '../stacks/golden');

/** Several documents in one text, keys sorted, so that only a change of meaning is a change. */
export const normalisedYaml = (documents: readonly unknown[]): string =>
  documents.map((document) => stringify(document, { sortMapEntries: true, lineWidth: 0 })).join('---\n');

/**
 * The reviewed text of a golden file. With PENSTOCK_UPDATE_GOLDEN=1 it is written first; without, a missing file is an
 * empty text, so that a test fails where nobody looked.
 */
export function golden(name: string, text: string, folder: string = GOLDEN): string {
  const file = join(folder, name);
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
