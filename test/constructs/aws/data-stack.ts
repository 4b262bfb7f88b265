import { App, Stack } from 'aws-cdk-lib';
import { SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { DataKey } from '../../../constructs/aws/data-key.ts';
import type { DataNetwork } from '../../../constructs/aws/data-network.ts';

/** A stack with what every construct that keeps data asks for. One app a test: a template ends it. */
export function dataStack(zones = 3) {
  const stack = new Stack(new App(), 'test');
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-12345678', availabilityZones: ['a', 'b', 'c'] });
  const network: DataNetwork = {
    vpc,
    dataSubnets: Array.from({ length: zones }, (_, zone) =>
      Subnet.fromSubnetId(stack, `Zone${zone}`, `subnet-0000000${zone}`),
    ),
    nodeSecurityGroup: SecurityGroup.fromSecurityGroupId(stack, 'Clients', 'sg-12345678'),
  };
  return { stack, network, key: new DataKey(stack, 'Key', { description: 'Data' }).key };
}
