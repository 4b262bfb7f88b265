import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import type { CloudFormationTemplate } from '../../../constructs/policies/aws/index.ts';
import { synthesizeAws } from '../../../stacks/aws/synthesize.ts';
import { clusterObjects } from '../../../stacks/aws/workloads-stack.ts';
import type { AwsEnvironment, ClusterEnvironment } from '../../../stacks/environments/aws-environment.ts';
import { type COMPUTE, gpuEnvironment, gpuTopology } from './gpu-shop.ts';

const MACHINE = 'g6e.2xlarge';
const [FIRST, SECOND, THIRD] = gpuEnvironment('karpenter').network.zones;
type Facts = Pick<ClusterEnvironment, 'offerings' | 'reservations'>;
const SOLD_IN_TWO = { offerings: { [MACHINE]: [THIRD, SECOND] } } as const satisfies Facts;
const RESERVED = {
  ...SOLD_IN_TWO,
  reservations: { [MACHINE]: { type: 'reservation', id: 'cr-0123456789abcdef0', zone: SECOND } },
} as const satisfies Facts;

/** Zones of the subnets that groups of machines may start in. */
function zonesOfGroup(facts: Facts): readonly string[] {
  const templates = synthesizeAws(gpuTopology, [gpuEnvironment('node-groups', facts)]);
  const resources = (stack: string) =>
    (templates[`shop-prod-${stack}`] as CloudFormationTemplate | undefined)?.Resources ?? {};
  const [group, ...others] = Object.values(resources('cluster')).filter(
    ({ Type, Properties }) => Type === 'AWS::EKS::Nodegroup' && Properties?.['Taints'] !== undefined,
  );
  expect(others).toEqual([]);
  const text = JSON.stringify(group?.Properties?.['Subnets']);
  return Object.entries(resources('network'))
    .filter(([id, { Type }]) => Type === 'AWS::EC2::Subnet' && text.includes(id))
    .map(([, { Properties }]) => String(Properties?.['AvailabilityZone']));
}

/** Zones that pools of machines with GPUs are bound to; undefined for all. */
function zonesOfPool(environment: AwsEnvironment): unknown {
  const stack = new Stack(new App(), 'test', { env: { region: environment.region } });
  const { machines, platform } = clusterObjects(stack, gpuTopology, environment);
  const pools = [...machines, ...platform].filter(
    ({ kind, metadata }) => kind === 'NodePool' && metadata.name !== 'system-nodes',
  );
  expect(pools).toHaveLength(1);
  const { requirements } = (
    pools[0] as unknown as {
      spec: { template: { spec: { requirements: readonly { key: string; operator: string; values: unknown }[] } } };
    }
  ).spec.template.spec;
  return requirements.find(({ key }) => key === 'topology.kubernetes.io/zone')?.values;
}

describe('a machine that not every zone sells', () => {
  test.each([
    ['in all zones where nothing is stated', {}, [FIRST, SECOND, THIRD]],
    ['in the zones that are stated to sell it', SOLD_IN_TWO, [SECOND, THIRD]],
    ['in the zone of its reservation', RESERVED, [SECOND]],
  ])('is bought %s by a group of machines', (_title, facts, zones) => {
    expect(zonesOfGroup(facts)).toEqual(zones);
  });

  describe.each<Exclude<keyof typeof COMPUTE, 'node-groups'>>(['karpenter', 'auto'])('by %s', (form) => {
    test.each([
      ['in all zones where nothing is stated', {}, undefined],
      ['in the zones that are stated to sell it', SOLD_IN_TWO, [SECOND, THIRD]],
      ['in the zone of its reservation', RESERVED, [SECOND]],
    ])('is bought %s', (_title, facts, zones) => {
      expect(zonesOfPool(gpuEnvironment(form, facts))).toEqual(zones);
    });
  });
});
