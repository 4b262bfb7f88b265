import type { GpuClass, Topology } from '@penstock/model';
import type { App, Stack } from 'aws-cdk-lib';
import { AutoscalerAccess } from '../../constructs/aws/autoscaler-access.ts';
import { EksCluster } from '../../constructs/aws/eks-cluster.ts';
import { type GpuGroupCapacity, GpuNodePool, type GpuNodePoolProps } from '../../constructs/aws/gpu-node-pool.ts';
import { KarpenterAccess } from '../../constructs/aws/karpenter-access.ts';
import type { Network } from '../../constructs/aws/network.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { Binding } from '../../constructs/binding.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import type { GpuPool } from '../gpu-pools.ts';
import { machinePools, zonesFor } from './machine-zones.ts';
import { addressPrefix, environmentName, stackOf } from './stack-of.ts';

/** What the stack of workloads reads of the cluster's, by parameter. */
export const CLUSTER_ADDRESSES = {
  /** Of the machines that Karpenter or EKS Auto Mode brings. */
  nodeRole: 'cluster-node-role',
  interruptionQueue: 'karpenter-interruptions',
} as const;

/** Changes with a version of Kubernetes or a new kind of machine: all that runs goes with it. */
export function clusterStack(app: App, topology: Topology, environment: AwsEnvironment, network: Network): EksCluster {
  const { compute, adminRoles, endpoint } = environment.cluster;
  const stack = stackOf(app, topology, environment, 'cluster', {
    description: 'Cluster of the platform, and the machines it may have',
    terminationProtection: true,
  });
  const [first, ...others] = adminRoles;
  const common = {
    name: environmentName(topology, environment),
    network,
    access: { admins: [roleIn(stack, first), ...others.map((role) => roleIn(stack, role))] },
    ...(endpoint === undefined ? {} : { endpoint }),
  } as const;
  const publish = (values: Readonly<Record<string, Binding<string>>>): void => {
    new PublishedBindings(stack, 'Addresses', { prefix: addressPrefix(topology, environment), values });
  };
  if (compute.mode === 'auto') {
    const { mode, version } = compute;
    const cluster = new EksCluster(stack, 'Cluster', { ...common, compute: { mode, version } });
    publish({ [CLUSTER_ADDRESSES.nodeRole]: cluster.autoNodeRole });
    return cluster;
  }
  const { gpus, ...nodes } = compute;
  const cluster = new EksCluster(stack, 'Cluster', { ...common, compute: nodes });
  if (gpus.by === 'karpenter') {
    const { handover, interruptionQueue } = new KarpenterAccess(stack, 'Karpenter', { cluster });
    publish({
      [CLUSTER_ADDRESSES.nodeRole]: handover.role,
      [CLUSTER_ADDRESSES.interruptionQueue]: interruptionQueue,
    });
    return cluster;
  }
  if (growsGroups(topology, environment)) new AutoscalerAccess(stack, 'Autoscaler', { cluster });
  for (const pool of machinePools(topology, environment))
    new GpuNodePool(stack, pool.name, { cluster, ...nodeGroupOf(pool, environment) });
  return cluster;
}

/** Whether an environment has groups of machines that somebody in the cluster has to grow and to shrink. */
export function growsGroups(topology: Topology, environment: AwsEnvironment): boolean {
  const { compute } = environment.cluster;
  if (compute.mode === 'auto' || compute.gpus.by !== 'node-groups') return false;
  return machinePools(topology, environment).length > 0;
}

const roleIn = (stack: Stack, name: string): Binding<string> =>
  Binding.of(stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: name }));

function nodeGroupOf(
  { name, machine, devices }: GpuPool<'aws'>,
  environment: AwsEnvironment,
): Omit<GpuNodePoolProps<GpuClass>, 'cluster'> {
  const reservation = environment.cluster.reservations?.[machine.name];
  const capacity =
    reservation === undefined
      ? { type: 'on-demand', machine: machine.name, ...zonesFor(machine.name, environment) }
      : {
          type: reservation.type,
          machine: machine.name,
          reservation: Binding.of<string>(reservation.id),
          zone: reservation.zone,
        };
  return {
    name,
    gpu: machine.gpu,
    // The catalogue holds machine and class together; which of the classes it is, is known only here.
    capacity: capacity as GpuGroupCapacity<GpuClass>,
    maximum: Math.ceil(devices / machine.gpus),
  };
}
