import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { hourlyCosts } from '../../../stacks/aws/hourly-costs.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import { SAGEMAKER, servingEnvironment } from './serving.ts';

const FILE = join(import.meta.dirname, '../../../stacks/aws/README.md');
const SECTION = /(<!-- costs -->\n)[\s\S]*(<!-- \/costs -->)/;

test('the costs in the README are those of the catalogue, with their date', () => {
  const text = readFileSync(FILE, 'utf8');
  const made = text.replace(SECTION, `$1\n${hourlyCosts(Object.values(awsEnvironments))}\n$2`);
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(FILE, made);
  expect(readFileSync(FILE, 'utf8')).toBe(made);
  expect(made).toMatch(/\| dev \| `g6\.xlarge`: 1 x l4 \| 1 \| 4 \| 0\.8048 \(us-east-1, \d{4}-\d{2}-\d{2}\) \|/);
});

test('what has no price with a date says so, and is in no sum', () => {
  const reserved = { ...awsEnvironments.dev, gpuMachines: ['g6.xlarge', 'p5e.48xlarge' as 'g6.xlarge'] as const };
  const lines = hourlyCosts([reserved]).split('\n');
  const [sum, ...others] = lines.filter((line) => line.includes('| sum of '));
  expect(others).toEqual([]);
  const unpriced = lines.filter((line) => line.includes('no dated source'));
  expect(unpriced.some((line) => line.includes('p5e.48xlarge'))).toBe(true);
  expect(unpriced.some((line) => line.includes('NAT gateway'))).toBe(true);
  expect(sum).toMatch(new RegExp(`0\\.8048 \\(us-east-1, [^)]*\\); ${unpriced.length} rows are not in it`));
});

test('counts what an environment has more of', () => {
  const [dev, serving] = [awsEnvironments.dev, servingEnvironment(SAGEMAKER)].map((each) => hourlyCosts([each]));
  expect(dev).toContain('| dev | NAT gateway | 1 |');
  expect(dev).toContain('| dev | endpoint of AWS in a zone | 42 |');
  expect(serving).toContain('| prod | NAT gateway | 3 |');
  expect(serving).toContain('| prod | endpoint of AWS in a zone | 45 |');
  expect(serving).toContain('| prod | `data.kafka` | 1 |  | no dated source |');
  expect(serving).toContain('| prod | `ml.g6.2xlarge` for `chat` | 1 |  | no dated source |');
});
