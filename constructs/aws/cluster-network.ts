import { Tags } from 'aws-cdk-lib';
import {
  CfnSecurityGroupEgress,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';

/** Where a cluster lies, and what lies beside it: the same for a network of our own and for one that was there before. */
export interface ClusterNetwork {
  readonly vpc: IVpc;
  /** Subnets of the nodes: private, one a zone, with a way out. */
  readonly nodeSubnets: readonly ISubnet[];
  /** Subnets of data stores: private, one a zone, with no way out where the network has such. */
  readonly dataSubnets: readonly ISubnet[];
  /** What every node is in. A data store lets in this group, and nobody else. */
  readonly nodeSecurityGroup: ISecurityGroup;
  /** Value of the tag `karpenter.sh/discovery` on the subnets and the group of the nodes. */
  readonly discovery: string;
}

export const DISCOVERY_TAG = 'karpenter.sh/discovery';

export interface ExistingNetworkProps {
  readonly vpc: IVpc;
  /** One a zone, in three zones or more. They carry `karpenter.sh/discovery` already: what is imported gets no tags. */
  readonly nodeSubnets: readonly ISubnet[];
  /** @default - the subnets of the nodes */
  readonly dataSubnets?: readonly ISubnet[];
  readonly discovery: string;
  /** What every node of the cluster that lies there is in, e.g. the group that EKS made for it. @default - one is made */
  readonly nodeSecurityGroup?: ISecurityGroup;
}

/** A network that somebody else owns; all that is made in it is the security group of the nodes, where there is none. */
export class ExistingNetwork extends Construct implements ClusterNetwork {
  readonly nodes: { readonly nodeSecurityGroup: ISecurityGroup };
  readonly vpc: IVpc;
  readonly nodeSubnets: readonly ISubnet[];
  readonly dataSubnets: readonly ISubnet[];
  readonly nodeSecurityGroup: ISecurityGroup;
  readonly discovery: string;

  /** @throws {ConstructError} `durability-unavailable` for subnets in fewer than three zones */
  constructor(scope: Construct, id: string, props: ExistingNetworkProps) {
    super(scope, id);
    const { vpc, nodeSubnets, discovery } = props;
    const dataSubnets = props.dataSubnets ?? nodeSubnets;
    threeZones('node subnets', nodeSubnets);
    threeZones('data subnets', dataSubnets);
    const nodeSecurityGroup = props.nodeSecurityGroup ?? nodeGroup(this, vpc, discovery);
    this.vpc = vpc;
    this.nodeSubnets = nodeSubnets;
    this.dataSubnets = dataSubnets;
    this.nodeSecurityGroup = nodeSecurityGroup;
    this.discovery = discovery;
    this.nodes = { nodeSecurityGroup };
  }
}

/** Three, so that what needs a majority keeps it when a zone is gone. */
const ZONES = 3;

/** @throws {ConstructError} `durability-unavailable` for subnets in fewer than three zones */
export function threeZones(path: string, subnets: readonly ISubnet[]): void {
  const zones = new Set(subnets.map(({ availabilityZone }) => availabilityZone));
  if (zones.size >= ZONES) return;
  throw new ConstructError(
    'durability-unavailable',
    path,
    `lie in ${zones.size} zones, expected ${ZONES}: with fewer, a zone that goes takes a majority with it`,
  );
}

/**
 * The security group of nodes. Inside it everything may talk to everything: pods have the addresses of their nodes, and
 * what is allowed between them is said by network policies. Who else comes in says so where it is made.
 */
export function nodeGroup(scope: Construct, vpc: IVpc, discovery: string): SecurityGroup {
  const group = new SecurityGroup(scope, 'NodeSecurityGroup', {
    vpc,
    description: `Nodes of ${discovery}`,
    allowAllOutbound: true,
  });
  group.addIngressRule(group, Port.allTraffic(), 'between nodes');
  // An Elastic Fabric Adapter sends to what names its own group, and to no range of addresses.
  new CfnSecurityGroupEgress(scope, 'NodeFabricEgress', {
    groupId: group.securityGroupId,
    destinationSecurityGroupId: group.securityGroupId,
    ipProtocol: '-1',
    description: 'between nodes, also past the kernel',
  });
  Tags.of(group).add(DISCOVERY_TAG, discovery);
  return group;
}
