import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { platform } from '../../stacks/platform.ts';
import { type Difference, differences, REVIEWED } from './conformance/differences.ts';
import { type Facts, factsOf, PROMISED } from './conformance/facts.ts';
import { synthesized, type Target } from './conformance/targets.ts';

const PAGE = new URL('../../docs/targets.md', import.meta.url);
const TARGETS = ['kubernetes', 'aws', 'gcp'] as const satisfies readonly Target[];

let facts: Readonly<Record<Target, Facts>>;
let found: readonly Difference[];

beforeAll(async () => {
  const { kubernetes, aws, gcp } = await synthesized(platform);
  facts = { kubernetes: factsOf(kubernetes), aws: factsOf(aws), gcp: factsOf(gcp) };
  found = differences(facts.kubernetes, facts);
}, 120_000);

describe('one declaration on AWS, on Google Cloud and on plain Kubernetes', () => {
  const promisedIn = (target: Target, pattern: RegExp) =>
    Object.fromEntries([...facts[target]].filter(([path]) => pattern.test(path)));

  test.each(Object.entries(PROMISED))('has the same %s', (_what, pattern) => {
    const anywhere = promisedIn('kubernetes', pattern);
    expect(Object.keys(anywhere).length).toBeGreaterThan(0);
    expect(promisedIn('aws', pattern)).toEqual(anywhere);
    expect(promisedIn('gcp', pattern)).toEqual(anywhere);
  });

  test.each(TARGETS)('is known by its fingerprint in every profile on %s', (target) => {
    const profiles = Object.values(promisedIn(target, PROMISED.profiles)).map(
      (text) => JSON.parse(JSON.parse(text)) as { readonly revision: string },
    );
    expect(profiles).toHaveLength(Object.keys({ ...platform.workers, ...platform.engines }).length);
    for (const { revision } of profiles) expect(revision).toBe(platform.fingerprint);
  });

  test('has no workload with rights at a cloud that the others do not give', () => {
    const workloads = Object.values({ ...platform.workers, ...platform.engines }).map(({ name }) => name);
    const identities = TARGETS.flatMap((target) =>
      [...facts[target].keys()].filter((path) => path.startsWith('ident')),
    );
    expect(identities.filter((path) => workloads.some((name) => path.endsWith(`/${name}`)))).toEqual([]);
  });
});

describe('what differs between the targets', () => {
  const listedFor = ({ target, path }: Difference) =>
    REVIEWED.filter((each) => each.target === target && each.at.test(path));

  test('is listed with a reason, once each', () => {
    expect(found.filter((each) => listedFor(each).length !== 1)).toEqual([]);
  });

  test('is still there where it is listed', () => {
    expect(REVIEWED.filter((each) => !found.some((one) => listedFor(one).includes(each)))).toEqual([]);
  });

  test('is on a page for people', () => {
    const rows = REVIEWED.map(({ target, what, reason }) => `| ${NAMES[target]} | ${what} | ${reason} |\n`);
    const page = `${HEAD}${rows.join('')}`;
    if (process.env['PENSTOCK_UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});

const NAMES = { aws: 'AWS', gcp: 'Google Cloud' } as const;

const HEAD = `# One declaration, three targets

The objects of the platform's cluster are the same on AWS, on Google Cloud and on any Kubernetes, value for value: queues,
workloads, replica bounds, grace, thresholds, permissions and profiles. \`test/stacks/conformance.test.ts\` reads all three back
from what is synthesized for production and fails for a difference that is not in this table. Made by
\`PENSTOCK_UPDATE_GOLDEN=1 npm test -- test/stacks/conformance\`.

| where | what is not as on plain Kubernetes | why |
| --- | --- | --- |
`;
