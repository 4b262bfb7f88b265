import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { hourlyCosts } from '../../../stacks/gcp/hourly-costs.ts';
import { stackEnvironment } from '../../../stacks/gcp/synthesize.ts';

const FILE = join(import.meta.dirname, '../../../stacks/gcp/README.md');
const SECTION = /(<!-- costs -->\n)[\s\S]*(<!-- \/costs -->)/;
const dev = stackEnvironment('dev');

test('the costs in the README are those of the lists, with their dates', () => {
  const text = readFileSync(FILE, 'utf8');
  const made = text.replace(SECTION, `$1\n${hourlyCosts({ dev, prod: stackEnvironment('prod') })}\n\n$2`);
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(FILE, made);
  expect(readFileSync(FILE, 'utf8')).toBe(made);
});

test('what has a price is summed, from the fewest nodes to the most', () => {
  // The fee, and three to six times a machine and 100 GiB.
  const [least, most] = [3, 6].map((nodes) => (0.1 + nodes * (0.213832 + 11 / 730)).toFixed(3));
  expect(hourlyCosts({ dev })).toContain(`| **dev** | **what has a price** | | | **${least} to ${most}** |`);
});

test('what has none is named and not guessed: another machine, another region, a data service', () => {
  const systemNodes = { ...dev.systemNodes, machineType: 'c4-standard-8' };
  expect(hourlyCosts({ dev: { ...dev, systemNodes } })).toMatch(/`c4-standard-8` \| 3 to 6 \| {2}\| no list price \|/);
  const elsewhere = hourlyCosts({ dev: { ...dev, region: 'us-central1' } });
  expect(elsewhere).toContain('| **dev** | **what has a price** | | | **0.100** | and 3 without one |');
  const cache = { nodeType: 'STANDARD_SMALL', shards: 1, replicas: 1, persistence: 'none', users: {} } as const;
  expect(hourlyCosts({ dev: { ...dev, data: { cache } } })).toContain('data service `cache` | 1 |  | no list price');
});

test('machines with GPUs are those of the catalogue', () => {
  const costs = hourlyCosts({});
  expect(costs).toMatch(/\| `g2-standard-24` \| 2 x l4 \| 2\.102975 \(europe-west4, \d{4}-\d{2}-\d{2}\) \|/);
  expect(costs).toMatch(/^No list price: .*`a3-ultragpu-8g`/m);
});
