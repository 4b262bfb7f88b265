import { expect, test } from '@jest/globals';
import type { Topology } from '@penstock/model';
import type { EnvironmentFault } from '../../../stacks/aws/environment-error.ts';
import { environmentFaults } from '../../../stacks/aws/environment-faults.ts';
import type { AwsEnvironment } from '../../../stacks/environments/aws-environment.ts';

/** An environment with one thing wrong, and how that is reported. */
export type FaultCase = readonly [
  title: string,
  topology: Topology,
  environment: AwsEnvironment,
  code: EnvironmentFault['code'],
  path: string,
  received: string,
];

/** Each is reported as it says, alone, and with what helps. */
export function testFaults(cases: readonly FaultCase[]): void {
  test.each(cases)('rejects %s', (_title, topology, environment, code, path, received) => {
    expect(environmentFaults(topology, environment).map((fault) => [fault.code, fault.path, fault.received])).toEqual([
      [code, path, received],
    ]);
  });

  test('says of every fault what would be right, and one change that repairs it', () => {
    const faults = cases.flatMap(([, topology, environment]) => environmentFaults(topology, environment));
    expect(faults.filter(({ expected, repair }) => expected.length < 10 || repair.length < 10)).toEqual([]);
  });
}
