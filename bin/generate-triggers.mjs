// Makes the types of KEDA's triggers from KEDA's own list: PENSTOCK_DATA names the folder that holds it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { triggerSource } from '../constructs/kubernetes/keda/trigger-source.ts';

const data = process.env.PENSTOCK_DATA;
if (data === undefined) {
  console.error('penstock: name the folder with crds/keda/scalers-schema.json in PENSTOCK_DATA');
  process.exit(1);
}
const schema = readFileSync(join(data, 'crds/keda/scalers-schema.json'), 'utf8');
const digest = `sha256:${createHash('sha256').update(schema).digest('hex')}`;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
writeFileSync(
  join(root, 'constructs/kubernetes/keda/generated-triggers.ts'),
  triggerSource(JSON.parse(schema), digest),
);
