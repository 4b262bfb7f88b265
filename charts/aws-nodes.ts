import type { AwsMachine, GpuClass, GpuSharing } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { Binding } from '../constructs/binding.ts';
import { ConstructError } from '../constructs/errors.ts';
import {
  AutoModeGpuPool,
  AutoModeNetworkPolicies,
  AutoModeNodePool,
  type BottlerocketImage,
  type GpuCapacity,
  GpuNodePool,
  type GpuNodePoolProps,
} from '../constructs/kubernetes/index.ts';

/** Machines of one type, and how many devices of theirs there may be. */
export interface GpuPoolNeed {
  readonly name: string;
  readonly machine: AwsMachine;
  /** Undefined where a pod has its devices to itself. */
  readonly sharing: GpuSharing | undefined;
  readonly devices: number;
  /** Id of the reservation that the machines come out of; undefined where they are bought by the hour. */
  readonly reservation: string | undefined;
  /** Zones that they are bought in; undefined for all of the cluster's. */
  readonly zones: readonly [string, ...string[]] | undefined;
}

export interface AwsNodesChartProps {
  readonly cluster: GpuNodePoolProps<GpuClass>['cluster'];
  /** Karpenter in a cluster that has its system nodes, or EKS Auto Mode, which brings those too. */
  readonly by:
    | { readonly mode: 'karpenter'; readonly image: BottlerocketImage }
    | { readonly mode: 'auto'; readonly maxCpus: number };
  readonly gpus: readonly GpuPoolNeed[];
}

/** The machines that a cluster may buy. */
export class AwsNodesChart extends Chart {
  /** @throws {ConstructError} `machine-unfit` */
  constructor(scope: Construct, id: string, { cluster, by, gpus }: AwsNodesChartProps) {
    super(scope, id);
    if (by.mode === 'auto') {
      new AutoModeNodePool(this, 'system', { name: 'system-nodes', cluster, maxCpus: by.maxCpus });
      new AutoModeNetworkPolicies(this, 'network-policies');
    }
    for (const { name, machine, sharing, devices, reservation, zones } of gpus) {
      // The catalogue holds machine and class together; which of the classes it is, is known only here.
      const common = {
        name,
        cluster,
        gpu: machine.gpu,
        maxGpus: devices,
        ...(zones === undefined ? {} : { zones }),
      } as const;
      const capacity = capacityOf(name, machine, reservation);
      if (by.mode === 'karpenter') {
        const shared = sharing === undefined ? {} : { sharing };
        const props = { ...common, capacity, image: by.image, ...shared } as GpuNodePoolProps<GpuClass>;
        new GpuNodePool(this, name, props);
      } else {
        if (sharing !== undefined)
          throw unfit(
            name,
            'its devices are shared, expected pools of Karpenter: EKS Auto Mode takes no such settings',
          );
        new AutoModeGpuPool<GpuClass>(this, name, { ...common, capacity });
      }
    }
  }
}

type Capacity = Exclude<GpuCapacity<GpuClass>, { readonly type: 'spot' }>;

function capacityOf(pool: string, { name, onDemand }: AwsMachine, reservation: string | undefined): Capacity {
  if (reservation !== undefined)
    return { type: 'reserved', machines: [name], reservations: { ids: [Binding.of(reservation)] } };
  if (!onDemand) throw unfit(pool, `${name} is not sold by the hour, expected a reservation in the environment`);
  return { type: 'on-demand', machines: [name] } as Capacity;
}

const unfit = (pool: string, message: string): ConstructError =>
  new ConstructError('machine-unfit', `node pool ${pool}`, message);
