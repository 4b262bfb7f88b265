import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { gpuCosts } from '../../../stacks/aws/gpu-costs.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';

const FILE = join(import.meta.dirname, '../../../stacks/aws/README.md');
const SECTION = /(<!-- costs -->\n)[\s\S]*(<!-- \/costs -->)/;

test('the costs in the README are those of the catalogue, with their date', () => {
  const text = readFileSync(FILE, 'utf8');
  const made = text.replace(SECTION, `$1\n${gpuCosts(Object.values(awsEnvironments))}\n$2`);
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(FILE, made);
  expect(readFileSync(FILE, 'utf8')).toBe(made);
  expect(made).toMatch(/\| dev \| `g6\.xlarge` \| 1 x l4 \| 4 \| 0\.8048 \(us-east-1, \d{4}-\d{2}-\d{2}\) \|/);
});

test('a machine without a price says so', () => {
  const reserved = { ...awsEnvironments.dev, gpuMachines: ['p5e.48xlarge' as 'g6.xlarge'] };
  expect(gpuCosts([reserved])).toContain('no list price');
});
