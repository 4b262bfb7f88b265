import type { AwsGpuFamily, AwsMachine } from '@penstock/model';
import type { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { ConstructError } from '../errors.ts';
import type { NodeSystem } from './node-template.ts';

/**
 * Machines whose first network card carries no fabric: their adapters begin at the second (what is published of others'
 * templates for it, and of its 17 cards; Amazon's own page says it of no machine by name). Read 2026-11-30.
 */
const PLAIN_FIRST_CARD: readonly AwsGpuFamily[] = ['p6-b300'];

/**
 * The network cards of a machine with its Elastic Fabric Adapters. One card has addresses, the others carry nothing but
 * the fabric: each would take addresses from the subnet and none would be used. EC2 user guide, efa-acc-inst-types, read
 * 2026-11-30: on every card but the first, what carries the fabric alone is device 0, as device 1 is for addresses.
 *
 * @throws {ConstructError} `machine-unfit` for one that has none
 */
export function fabricInterfaces(
  name: string,
  { name: machine, family, efaInterfaces }: AwsMachine,
  securityGroupId: string,
): CfnLaunchTemplate.NetworkInterfaceProperty[] {
  if (efaInterfaces === 0)
    throw new ConstructError(
      'machine-unfit',
      `node group ${name}`,
      `${machine} has no Elastic Fabric Adapter: its machines cannot work on one model together`,
    );
  const plainFirst = PLAIN_FIRST_CARD.includes(family);
  return Array.from({ length: efaInterfaces + (plainFirst ? 1 : 0) }, (_, card) => ({
    networkCardIndex: card,
    deviceIndex: 0,
    interfaceType: card > 0 ? 'efa-only' : plainFirst ? 'interface' : 'efa',
    associatePublicIpAddress: false,
    deleteOnTermination: true,
    groups: [securityGroupId],
  }));
}

/**
 * What a machine does with its local disks while it starts: all of them become one, for images, logs and scratch of
 * pods. Undefined for a machine without.
 */
export function localDisks(system: NodeSystem, { localDisk }: AwsMachine): string | undefined {
  if (localDisk.bytes === 0) return undefined;
  return system === 'bottlerocket' ? BOTTLEROCKET : AL2023;
}

const BOTTLEROCKET = `[settings.bootstrap-commands.local-disks]
commands = [
  ["apiclient", "ephemeral-storage", "init"],
  ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
essential = true
mode = "always"
`;

/** In parts, because EKS adds one of its own: how to join the cluster. */
const AL2023 = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="penstock"

--penstock
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--penstock--
`;
