import { expect, test } from '@jest/globals';
import { podHostIsolation } from '../../../constructs/policies/rules/pod-host-isolation.ts';
import { podSecurityRestricted } from '../../../constructs/policies/rules/pod-security-restricted.ts';
import { podSecurityFixtures, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';

// The judge is not ours: the pods by which Kubernetes tests its own admission.
describeWith(realData, 'the restricted Pod Security Standard', () => {
  const faultsOf = (pod: Parameters<typeof podHostIsolation.check>[0]) => [
    ...podSecurityRestricted.check(pod, []),
    ...podHostIsolation.check(pod, []),
  ];

  test('takes every pod that it calls fit', () => {
    const fixtures = podSecurityFixtures('pass');
    expect(fixtures.length).toBeGreaterThan(20);
    expect(fixtures.map(([file, pod]) => [file, faultsOf(pod)])).toEqual(fixtures.map(([file]) => [file, []]));
  });

  test('rejects every pod that it calls unfit', () => {
    const fixtures = podSecurityFixtures('fail');
    expect(fixtures.length).toBeGreaterThan(60);
    expect(fixtures.filter(([, pod]) => faultsOf(pod).length === 0).map(([file]) => file)).toEqual([]);
  });
});
