#!/usr/bin/env node
// What `kubectl diff` runs over its two folders. Controllers write the status of an object while it is compared with
// itself, which moves its resource version; a change of what was applied moves its generation too.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const [live, merged] = process.argv.slice(2);
for (const folder of [live, merged]) {
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const { status: _status, metadata, ...rest } = parse(readFileSync(path, 'utf8'));
    const { resourceVersion: _version, ...applied } = metadata;
    writeFileSync(path, stringify({ metadata: applied, ...rest }));
  }
}
const { status, stdout } = spawnSync('diff', ['-u', '-N', live, merged], { encoding: 'utf8' });
process.stdout.write(stdout);
process.exitCode = status ?? 2;
