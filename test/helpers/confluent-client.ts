import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Requirement } from './requirement.ts';

const folder = process.env['PENSTOCK_CONFLUENT_CLIENT'] ?? '';

/** For `describeWith`. */
export const confluentClientRequirement: Requirement = {
  name: 'confluent-client',
  available: existsSync(join(folder, 'node_modules/@confluentinc/schemaregistry')),
  howToGet:
    'name a folder with the package @confluentinc/schemaregistry in PENSTOCK_CONFLUENT_CLIENT; `.ci/peers/confluent-client.sh <folder>` installs it and prints its path',
};

/** What Confluent's own client for Node sees of a registry in the script beside this file. */
export async function seenByConfluentClient(url: string): Promise<Readonly<Record<string, unknown>>> {
  const script = join(import.meta.dirname, 'confluent-client.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, join(folder, 'package.json'), url]);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}
