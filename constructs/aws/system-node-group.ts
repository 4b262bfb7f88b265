import { Bytes, type BytesInput } from '@penstock/model';
import type { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { CfnNodegroup } from 'aws-cdk-lib/aws-eks';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { type NodeSystem, nodeRole, nodeTemplate } from './node-template.ts';

/** The machines that everything but GPUs runs on first: controllers, brokers, gateways. */
export interface SystemNodes {
  /** @default 'bottlerocket' */
  readonly system?: NodeSystem;
  /** @default 'amd64' */
  readonly architecture?: 'amd64' | 'arm64';
  /** Instance types of the architecture, the preferred one first. @default ['m7i.large'] */
  readonly machines?: readonly [string, ...string[]];
  /** @default 3 */
  readonly minimum?: number;
  /** @default 6 */
  readonly maximum?: number;
  /** @default '50 GiB' */
  readonly disk?: BytesInput;
  /** One build of the image. @default - the newest of the cluster's version when the group is made or changed */
  readonly release?: string;
}

const IMAGES = {
  bottlerocket: { amd64: 'BOTTLEROCKET_x86_64', arm64: 'BOTTLEROCKET_ARM_64' },
  al2023: { amd64: 'AL2023_x86_64_STANDARD', arm64: 'AL2023_ARM_64_STANDARD' },
} as const;

export interface SystemNodeGroupProps extends SystemNodes {
  readonly clusterName: string;
  readonly network: ClusterNetwork;
}

/** A managed group of one machine a zone or more, replaced one at a time. */
export class SystemNodeGroup extends Construct {
  readonly nodes: { readonly nodegroup: CfnNodegroup; readonly template: CfnLaunchTemplate; readonly role: Role };

  /** @throws {ConstructError} `durability-unavailable` for fewer machines than zones */
  constructor(scope: Construct, id: string, props: SystemNodeGroupProps) {
    super(scope, id);
    const { clusterName, network } = props;
    const system = props.system ?? 'bottlerocket';
    const minimum = props.minimum ?? 3;
    const disk = props.disk ?? '50 GiB';
    if (minimum < network.nodeSubnets.length)
      throw new ConstructError(
        'durability-unavailable',
        `system nodes of ${clusterName}`,
        `received ${minimum}, expected one in each of ${network.nodeSubnets.length} zones`,
      );
    const role = nodeRole(this, 'Role', clusterName);
    const template = nodeTemplate(this, 'Template', {
      name: `${clusterName}-system`,
      system,
      securityGroupId: network.nodeSecurityGroup.securityGroupId,
      disk: Bytes.is(disk) ? disk : Bytes.parse(disk),
    });
    const nodegroup = new CfnNodegroup(this, 'Nodegroup', {
      clusterName,
      nodeRole: role.roleArn,
      subnets: network.nodeSubnets.map(({ subnetId }) => subnetId),
      amiType: IMAGES[system][props.architecture ?? 'amd64'],
      instanceTypes: [...(props.machines ?? ['m7i.large'])],
      launchTemplate: { id: template.ref, version: template.attrLatestVersionNumber },
      // No desired size: whoever scales the group owns it, and a deployment would take it back.
      scalingConfig: { minSize: minimum, maxSize: props.maximum ?? 6 },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      labels: { 'penstock.dev/pool': 'system' },
      ...(props.release === undefined ? {} : { releaseVersion: props.release }),
    });
    this.nodes = { nodegroup, template, role };
  }
}
