import { Bytes } from '@penstock/model';
import { Fn } from 'aws-cdk-lib';
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { keptByAws } from './nag.ts';

/** What runs on a machine: Amazon's container system, or its general one. */
export type NodeSystem = 'bottlerocket' | 'al2023';

export interface NodeTemplateProps {
  /** Of the machines, for whoever reads the list of instances. */
  readonly name: string;
  readonly system: NodeSystem;
  readonly securityGroupId: string;
  readonly disk: Bytes;
  readonly userData?: string;
  /** What only some machines have: how they are bought, adapters, where they are placed. */
  readonly extra?: CfnLaunchTemplate.LaunchTemplateDataProperty;
}

/**
 * What every machine of a cluster has in common. Its metadata is reached with a token only and from the machine only:
 * a pod that asks for it would get the rights of the node.
 */
export function nodeTemplate(scope: Construct, id: string, props: NodeTemplateProps): CfnLaunchTemplate {
  const { name, system, securityGroupId, disk, userData, extra } = props;
  const tags = [{ key: 'Name', value: name }];
  return new CfnLaunchTemplate(scope, id, {
    launchTemplateData: {
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      blockDeviceMappings: disks(system, disk),
      // With adapters listed one by one, each names its own groups.
      ...(extra?.networkInterfaces === undefined ? { securityGroupIds: [securityGroupId] } : {}),
      ...(userData === undefined ? {} : { userData: Fn.base64(userData) }),
      tagSpecifications: [
        { resourceType: 'instance', tags },
        { resourceType: 'volume', tags },
      ],
      ...extra,
    },
  });
}

/** Bottlerocket keeps itself and what it runs on two disks. */
function disks(system: NodeSystem, size: Bytes): CfnLaunchTemplate.BlockDeviceMappingProperty[] {
  const disk = (deviceName: string, volume: Bytes): CfnLaunchTemplate.BlockDeviceMappingProperty => ({
    deviceName,
    ebs: {
      volumeSize: Math.ceil(volume.bytes / 1024 ** 3),
      volumeType: 'gp3',
      encrypted: true,
      deleteOnTermination: true,
    },
  });
  return system === 'bottlerocket'
    ? [disk('/dev/xvda', Bytes.parse('4 GiB')), disk('/dev/xvdb', size)]
    : [disk('/dev/xvda', size)];
}

/** The rights of a machine: to join its cluster and to fetch images. Addresses of pods are the add-on's business. */
export function nodeRole(scope: Construct, id: string, clusterName: string): Role {
  const policies = ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'];
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: `Nodes of ${clusterName}`,
    managedPolicies: policies.map((policy) => ManagedPolicy.fromAwsManagedPolicyName(policy)),
  });
  keptByAws(role, policies);
  return role;
}
