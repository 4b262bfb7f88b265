import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { ClusterNetwork } from './cluster-network.ts';

/** Where data is kept, and the group of who gets to it. */
export type DataNetwork = Pick<ClusterNetwork, 'vpc' | 'dataSubnets' | 'nodeSecurityGroup'>;

/** Lets the nodes in on some ports, and nothing out: what holds data calls nobody. */
export function dataSecurityGroup(
  scope: Construct,
  { vpc, nodeSecurityGroup }: DataNetwork,
  service: string,
  ports: readonly number[],
): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: `${service}: nodes of the platform`,
    allowAllOutbound: false,
  });
  for (const port of ports) group.addIngressRule(nodeSecurityGroup, Port.tcp(port), `${service} on ${port}`);
  return group;
}

/**
 * The subnets by their ids.
 *
 * @throws {ConstructError} `durability-unavailable`
 */
export function zonesOf({ dataSubnets }: DataNetwork, fewest: number, service: string): string[] {
  if (dataSubnets.length >= fewest) return dataSubnets.map(({ subnetId }) => subnetId);
  throw new ConstructError(
    'durability-unavailable',
    service,
    `has subnets in ${dataSubnets.length} zones, expected ${fewest}: a stack without an account and a region sees two zones`,
  );
}
