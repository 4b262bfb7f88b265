import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { TEMPLATE_POLICIES } from '../../../constructs/policies/aws/index.ts';
import { GCP_POLICIES } from '../../../constructs/policies/gcp/index.ts';
import { POLICIES } from '../../../constructs/policies/index.ts';
import type { PolicyFacts } from '../../../constructs/policies/policy.ts';

type Facts = Pick<PolicyFacts, 'id' | 'rules' | 'reason' | 'source'>;

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'docs/policies.md');

const HEAD = `# Policies

What is synthesized is held to these. The numbers are those of the platform's rules; one without is asked for by this house.
Made from constructs/policies: \`PENSTOCK_UPDATE_GOLDEN=1 npm test -- test/constructs/policies/table\`.
`;

const SECTIONS: readonly (readonly [title: string, policies: readonly Facts[]])[] = [
  ['Manifests of Kubernetes', POLICIES],
  ['Templates of CloudFormation', TEMPLATE_POLICIES],
  ['Resources that a Pulumi program asks Google Cloud for', GCP_POLICIES],
];

const LAST = Number.MAX_SAFE_INTEGER;

const tableOf = (policies: readonly Facts[]): string =>
  policies
    .toSorted((a, b) => (a.rules[0] ?? LAST) - (b.rules[0] ?? LAST) || a.id.localeCompare(b.id))
    .map(({ id, rules, reason, source }) => `| \`${id}\` | ${rules.join(', ')} | ${reason} | ${source} |\n`)
    .join('');

const table = `${HEAD}${SECTIONS.map(
  ([title, policies]) =>
    `\n## ${title}\n\n| policy | rules | without it | who asks for it |\n| --- | --- | --- | --- |\n${tableOf(policies)}`,
).join('')}`;

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

test('every rule about AWS has a policy of templates', () => {
  const held = new Set(TEMPLATE_POLICIES.flatMap(({ rules }) => rules));
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17].filter((rule) => !held.has(rule))).toEqual([]);
});

test('every policy of templates has a file of its own, and a source', () => {
  const folder = join(ROOT, 'constructs/policies/aws/rules');
  expect(readdirSync(folder).sort()).toEqual(TEMPLATE_POLICIES.map(({ id }) => `${id}.ts`).sort());
  expect(TEMPLATE_POLICIES.filter(({ source }) => source === '')).toEqual([]);
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
