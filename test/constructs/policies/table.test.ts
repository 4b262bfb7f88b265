import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { POLICIES } from '../../../constructs/policies/index.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'docs/policies.md');

const HEAD = `# Policies

What every synthesized manifest is held to. The numbers are those of the platform's rules: 1 to 10 and 17 to 26 are about cloud
accounts and are held where those are synthesized. Made from \`POLICIES\` of constructs/policies:
\`PENSTOCK_UPDATE_GOLDEN=1 npm test -- test/constructs/policies/table\`.

| policy | rules | without it | who asks for it |
| --- | --- | --- | --- |
`;

const table = `${HEAD}${[...POLICIES]
  .sort((a, b) => (a.rules[0] ?? 0) - (b.rules[0] ?? 0) || a.id.localeCompare(b.id))
  .map(({ id, rules, reason, source }) => `| \`${id}\` | ${rules.join(', ')} | ${reason} | ${source} |\n`)
  .join('')}`;

test('the table of policies in docs is that of the code', () => {
  if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(FILE, table);
  expect(readFileSync(FILE, 'utf8')).toBe(table);
});

test('every rule about what lies in a cluster has a policy', () => {
  const numbers = Array.from({ length: 61 }, (_, index) => index + 1);
  const inClusters = numbers.filter((rule) => (rule >= 11 && rule <= 16) || rule >= 27);
  const held = new Set(POLICIES.flatMap(({ rules }) => rules));
  expect(inClusters.filter((rule) => !held.has(rule))).toEqual([]);
});

test('every policy has a file of its own that names its rules, a number and a source each', () => {
  const folder = join(ROOT, 'constructs/policies/rules');
  expect(readdirSync(folder).sort()).toEqual(POLICIES.map(({ id }) => `${id}.ts`).sort());
  for (const { id, rules, source } of POLICIES) {
    expect(rules.length).toBeGreaterThan(0);
    expect(source).not.toBe('');
    expect(readFileSync(join(folder, `${id}.ts`), 'utf8')).toMatch(new RegExp(`id: '${id}'`));
  }
});
