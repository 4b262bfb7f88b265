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

  test.each(['restricted', 'baseline'] as const)(
    'rejects every pod that is unfit for %s, by what is wrong with it',
    (level) => {
      const fixtures = podSecurityFixtures('fail', level);
      expect(fixtures.length).toBeGreaterThan(30);
      expect(
        fixtures
          .map(([file, pod]) => [file, faultsOf(pod)] as const)
          .filter(([file, faults]) => !faults.some((fault) => aboutOf(file).test(fault))),
      ).toEqual([]);
    },
  );
});

/** What has to be said of a pod, by the name of its file: `<control><number>.yaml`. */
const ABOUT: readonly (readonly [control: string, about: RegExp])[] = [
  ['allowprivilegeescalation', /allowPrivilegeEscalation/],
  ['apparmorprofile', /AppArmor|unconfined/],
  ['capabilities', /capabilities/],
  ['hostnamespaces', /namespace of the host/],
  ['hostpathvolumes', /hostPath/],
  ['hostports', /port of the host/],
  ['hostprobesandhostlifecycle', /has the kubelet call/],
  ['privileged', /is privileged/],
  ['procmount', /\/proc/],
  ['restrictedvolumes', /which is not allowed/],
  ['runasnonroot', /runAsNonRoot/],
  ['runasuser', /user 0/],
  ['seccompprofile', /seccompProfile/],
  ['selinuxoptions', /SELinux/],
  ['sysctls', /the kernel's/],
  ['windowshostprocess', /process of the host/],
];

const aboutOf = (file: string): RegExp => ABOUT.find(([control]) => file.startsWith(control))?.[1] ?? /(?!)/;
