import { describe, expect, test } from '@jest/globals';
import { checkManifests, formatFindings, POLICIES } from '../../../constructs/policies/index.ts';
import { suppressionOf } from '../../../constructs/suppression.ts';
import { type CaseSet, setting, withChange } from './cases/case.ts';
import { platformCases } from './cases/platform.ts';
import { SETS } from './cases/sets.ts';

const { compliant } = platformCases;

const ENGINE = ['Deployment', 'mailroom-embedder'] as const;
const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;

const ALL: readonly CaseSet[] = [platformCases, ...SETS];
const ALL_CASES = ALL.flatMap(({ cases }) => cases);

describe('the policies', () => {
  test.each(ALL.map((set) => [set.name, set.compliant] as const))('hold for %s as it should be', (_name, manifests) => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('have a name of their own and a reason each', () => {
    expect(new Set(POLICIES.map(({ id }) => id)).size).toBe(POLICIES.length);
    expect(POLICIES.filter(({ reason }) => reason === '')).toEqual([]);
  });

  test.each(POLICIES.map(({ id }) => id))('%s has a case that breaks it', (id) => {
    expect(ALL_CASES.map(([policy]) => policy)).toContain(id);
  });

  test.each(ALL_CASES)('%s rejects %s', (policy, _title, manifests, message) => {
    const findings = checkManifests(manifests).filter((finding) => finding.policy === policy);
    expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  });

  test('report everything at once, each finding with its object and its reason', () => {
    const copy = withChange(compliant, ENGINE, (draft) => {
      setting(`${POD}.serviceAccountName`, 'default')(draft);
      setting(`${CONTAINER}.image`, 'x:latest')(draft);
    });
    const findings = checkManifests(copy);
    expect(findings.map(({ policy }) => policy)).toEqual(['service-account-own', 'image-immutable']);
    expect(formatFindings(findings)).toMatch(
      /^2 findings\n\n {2}Deployment\/mailroom\/mailroom-embedder {2}\[service-account-own\]\n.*\n {4}because a token/,
    );
  });
});

describe('a suppression', () => {
  const suppressed = (policy: string, reason: string, image = 'x:latest') =>
    withChange(compliant, ENGINE, (draft) => {
      setting(`${CONTAINER}.image`, image)(draft);
      setting(`metadata.annotations`, { [suppressionOf(policy)]: reason })(draft);
    });

  test('with a reason takes the object out of the policy', () => {
    expect(checkManifests(suppressed('image-immutable', 'built on the node for a test cluster'))).toEqual([]);
  });

  test('rejects no reason', () => {
    expect(checkManifests(suppressed('image-immutable', ' '))).toMatchObject([
      { message: 'is suppressed without a reason' },
    ]);
  });

  test('rejects one that is no longer needed', () => {
    expect(checkManifests(suppressed('image-immutable', 'once was', 'x:1.0.0'))).toMatchObject([
      { message: expect.stringMatching(/remove the suppression/) },
    ]);
  });

  test('rejects one of a policy that is not there', () => {
    expect(checkManifests(suppressed('image-imutable', 'misspelt')).map(({ policy }) => policy)).toEqual([
      'image-immutable',
      'image-imutable',
    ]);
  });
});
