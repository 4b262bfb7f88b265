import {
  type AwsGpuMachine,
  type AwsMachine,
  type AwsOnDemandMachine,
  Bytes,
  type BytesInput,
  GPU_CLASS_LABEL,
  GPU_RESOURCE,
  GPU_SHARING_LABEL,
  GPU_TAINT,
  type GpuClass,
  machineFor,
  type SpotClass,
} from '@penstock/model';
import { type CfnLaunchTemplate, CfnPlacementGroup, type ISubnet } from 'aws-cdk-lib/aws-ec2';
import { CfnNodegroup } from 'aws-cdk-lib/aws-eks';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { ClusterTarget } from './cluster-target.ts';
import { fabricInterfaces, localDisks } from './gpu-machine.ts';
import { type NodeSystem, nodeRole, nodeTemplate } from './node-template.ts';

/** How the machines of a group are bought. A group has one machine type, so that what it can hold is known before it is there. */
export type GpuGroupCapacity<C extends GpuClass> =
  | {
      readonly type: 'on-demand';
      readonly machine: AwsOnDemandMachine<C>;
      /** Zones that sell the machine. @default - all that the cluster has nodes in */
      readonly zones?: readonly [string, ...string[]];
      /** A zone to keep close together in, with the adapters between devices. @default - all zones, by the network of the machine */
      readonly fabric?: { readonly zone: string };
    }
  | (C extends SpotClass
      ? {
          readonly type: 'spot';
          /** Of as many devices each: a group is scaled by what one of its machines holds. */
          readonly machines: readonly [AwsOnDemandMachine<C>, AwsOnDemandMachine<C>, ...AwsOnDemandMachine<C>[]];
        }
      : never)
  | {
      /** An On-Demand Capacity Reservation or a Capacity Block: both are a machine type in one zone. */
      readonly type: 'reservation' | 'capacity-block';
      readonly machine: AwsGpuMachine<C>;
      readonly reservation: Binding<string>;
      readonly zone: string;
      /** The adapters between devices of several machines. @default false */
      readonly fabric?: boolean;
    };

export interface GpuNodePoolProps<C extends GpuClass> {
  /** EKS Auto Mode brings machines by itself, and takes neither node groups nor a second Karpenter. */
  readonly cluster: ClusterTarget<'nodes'>;
  readonly name: string;
  readonly gpu: C;
  readonly capacity: GpuGroupCapacity<C>;
  /** Machines at most. There are none until a pod wants one. */
  readonly maximum: number;
  /** Bottlerocket brings its own device plugin; on Amazon Linux the one of the cluster's add-ons runs. @default 'bottlerocket' */
  readonly system?: NodeSystem;
  /** Network disk for images and scratch; used where a machine has no local one. @default '100 GiB' */
  readonly disk?: BytesInput;
  /** One build of the image. @default - the newest of the cluster's version when the group is made or changed */
  readonly release?: string;
}

/**
 * A managed node group of one GPU class that grows from nothing, by Cluster Autoscaler. Of L1 resources: image and
 * machine come from the catalogue, and no list of CDK's has to know them.
 *
 * Where Karpenter or EKS Auto Mode brings machines, there is nothing to make here: see `KarpenterAccess`.
 */
export class GpuNodePool<C extends GpuClass = GpuClass> extends Construct {
  readonly nodes: {
    readonly nodegroup: CfnNodegroup;
    readonly template: CfnLaunchTemplate;
    readonly role: Role;
    readonly placementGroup?: CfnPlacementGroup;
  };

  /**
   * @throws {ConstructError} `machine-unfit` for a machine without adapters, or for spot machines that differ in devices
   * @throws {ConstructError} `reference-missing` for a zone that the cluster has no nodes in
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(scope: Construct, id: string, props: GpuNodePoolProps<C>) {
    super(scope, id);
    const { cluster, name, gpu, capacity } = props;
    const { network } = cluster;
    const system = props.system ?? 'bottlerocket';
    const machines = machinesOf(name, gpu, capacity);
    const [machine] = machines;
    const subnets = subnetsIn(name, network.nodeSubnets, zonesOf(capacity));
    const fabric = capacity.type !== 'spot' && capacity.fabric !== undefined && capacity.fabric !== false;
    const group = network.nodeSecurityGroup.securityGroupId;
    const disk = props.disk ?? '100 GiB';
    const userData = localDisks(system, machine);
    // A reservation was made where it was made: only machines bought by the hour can be put close together.
    const placementGroup =
      fabric && capacity.type === 'on-demand'
        ? new CfnPlacementGroup(this, 'PlacementGroup', { strategy: 'cluster' })
        : undefined;
    const template = nodeTemplate(this, 'Template', {
      name,
      system,
      securityGroupId: group,
      disk: Bytes.is(disk) ? disk : Bytes.parse(disk),
      ...(userData === undefined ? {} : { userData }),
      extra: {
        ...(capacity.type === 'capacity-block' ? { instanceMarketOptions: { marketType: 'capacity-block' } } : {}),
        // EKS takes no types of its own for a Capacity Block: the template has it.
        ...(capacity.type === 'capacity-block' ? { instanceType: machine.name } : {}),
        ...reservationOf(capacity),
        ...(fabric ? { networkInterfaces: fabricInterfaces(name, machine, group) } : {}),
        ...(placementGroup === undefined ? {} : { placement: { groupName: placementGroup.ref } }),
      },
    });
    const role = nodeRole(this, 'Role', cluster.name);
    const labels = labelsOf(gpu, system);
    const nodegroup = new CfnNodegroup(this, 'Nodegroup', {
      clusterName: cluster.name,
      nodegroupName: name,
      nodeRole: role.roleArn,
      subnets: subnets.map(({ subnetId }) => subnetId),
      amiType: machine.images[system],
      capacityType: CAPACITY_TYPES[capacity.type],
      ...(capacity.type === 'capacity-block' ? {} : { instanceTypes: machines.map((each) => each.name) }),
      launchTemplate: { id: template.ref, version: template.attrLatestVersionNumber },
      scalingConfig: { minSize: 0, desiredSize: 0, maxSize: props.maximum },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      labels,
      taints: [{ key: GPU_TAINT.key, value: GPU_TAINT.value, effect: 'NO_SCHEDULE' }],
      tags: autoscalerTags(cluster.name, machine, labels),
      ...(props.release === undefined ? {} : { releaseVersion: props.release }),
    });
    nodegroup.node.addDependency(...(cluster.prerequisites ?? []));
    this.nodes = { nodegroup, template, role, ...(placementGroup === undefined ? {} : { placementGroup }) };
  }
}

const CAPACITY_TYPES = {
  'on-demand': 'ON_DEMAND',
  reservation: 'ON_DEMAND',
  spot: 'SPOT',
  'capacity-block': 'CAPACITY_BLOCK',
} as const;

type Capacity = GpuGroupCapacity<GpuClass>;

function machinesOf<C extends GpuClass>(
  name: string,
  gpu: C,
  capacity: GpuGroupCapacity<C>,
): readonly [AwsMachine, ...AwsMachine[]] {
  const names = (capacity.type === 'spot' ? capacity.machines : [capacity.machine]) as readonly [
    AwsGpuMachine<C>,
    ...AwsGpuMachine<C>[],
  ];
  const [machine, ...others] = names.map((each) => machineFor('aws', each, gpu)) as [AwsMachine, ...AwsMachine[]];
  const unlike = others.find(
    ({ gpus, architecture }) => gpus !== machine.gpus || architecture !== machine.architecture,
  );
  if (unlike === undefined) return [machine, ...others];
  throw new ConstructError(
    'machine-unfit',
    `node group ${name}`,
    `${unlike.name} has ${unlike.gpus} devices and ${machine.name} ${machine.gpus}: the autoscaler takes them for alike`,
  );
}

function zonesOf(capacity: Pick<Capacity, 'type'>): readonly string[] | undefined {
  const { zone, zones, fabric } = capacity as {
    readonly zone?: string;
    readonly zones?: readonly string[];
    readonly fabric?: boolean | { readonly zone: string };
  };
  const one = zone ?? (typeof fabric === 'object' ? fabric.zone : undefined);
  return one === undefined ? zones : [one];
}

function subnetsIn(
  name: string,
  subnets: readonly ISubnet[],
  wanted: readonly string[] | undefined,
): readonly ISubnet[] {
  const found =
    wanted === undefined ? subnets : subnets.filter(({ availabilityZone }) => wanted.includes(availabilityZone));
  if (found.length > 0) return found;
  const zones = subnets.map(({ availabilityZone }) => availabilityZone).join(', ');
  throw new ConstructError(
    'reference-missing',
    `node group ${name}`,
    `no subnet of nodes in ${wanted?.join(', ')}, only in ${zones}`,
  );
}

const reservationOf = (capacity: Pick<Capacity, 'type'>): CfnLaunchTemplate.LaunchTemplateDataProperty => {
  if (!('reservation' in capacity)) return {};
  const { reservation } = capacity as { readonly reservation: Binding<string> };
  return {
    capacityReservationSpecification: {
      capacityReservationTarget: { capacityReservationId: reservation.lower() },
    },
  };
};

const labelsOf = (gpu: GpuClass, system: NodeSystem): Readonly<Record<string, string>> => ({
  [GPU_CLASS_LABEL]: gpu,
  [GPU_SHARING_LABEL]: 'whole',
  // By which NVIDIA's device plugin finds the nodes whose image has none.
  ...(system === 'al2023' ? { 'nvidia.com/gpu.present': 'true', 'nvidia.com/device-plugin.config': 'whole' } : {}),
});

/** What a machine of the group will be: while there is none, Cluster Autoscaler has nothing to look at but this. */
function autoscalerTags(
  cluster: string,
  machine: AwsMachine,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const template = 'k8s.io/cluster-autoscaler/node-template';
  return {
    'k8s.io/cluster-autoscaler/enabled': 'true',
    [`k8s.io/cluster-autoscaler/${cluster}`]: 'owned',
    [`${template}/resources/${GPU_RESOURCE}`]: String(machine.gpus),
    [`${template}/taint/${GPU_TAINT.key}`]: `${GPU_TAINT.value}:${GPU_TAINT.effect}`,
    ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${template}/label/${key}`, value])),
  };
}
