import { Bytes, type BytesInput, Duration, type DurationInput, GPU_RESOURCE, type GpuClass } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import { type AutoNodeClassSpec, autoNodeClass, type NodePoolSpec, nodePool } from './crd/karpenter.ts';
import {
  among,
  DISCOVERY,
  type GpuCapacity,
  type GpuNodePoolProps,
  go,
  machinesOf,
  processorsWith,
  requirementsOf,
  reservationsOf,
} from './gpu-node-pool.ts';
import { type GpuPlacement, gpuLabels, gpuPlacement, gpuTaints } from './gpu-sharing.ts';
import { clusterMetadata } from './labels.ts';
import { byteQuantity } from './lowering.ts';

// Nodes that EKS Auto Mode brings. It chooses the image, hardens the machine and makes one disk of the local ones; there
// are no settings of a machine, and so no devices that are cut or shared.

interface CommonProps extends Pick<GpuNodePoolProps<GpuClass>, 'name' | 'cluster'> {
  /** Network disk for images and scratch; used where a machine has no local one. @default '100 GiB' */
  readonly disk?: BytesInput;
  /** A machine lives no longer, and 21 days at most: that is how it gets its patches. @default '336 hours' */
  readonly expireAfter?: DurationInput;
  /** From the start of a drain until what is left is killed. @default '1 hour' */
  readonly terminationGrace?: DurationInput;
  readonly overrides?: { readonly nodePool?: Override; readonly nodeClass?: Override };
}

export interface AutoModeNodePoolProps extends CommonProps {
  /** Processors of all machines together, at most. */
  readonly maxCpus: number;
  /** @default 'amd64' */
  readonly architecture?: 'amd64' | 'arm64';
}

/** Machines for all that needs no GPU. */
export class AutoModeNodePool extends Construct {
  readonly nodes: { readonly nodePool: ApiObject; readonly nodeClass: ApiObject };

  /** @throws {ConstructError} `window-too-long` for machines that would live longer than EKS lets them */
  constructor(scope: Construct, id: string, props: AutoModeNodePoolProps) {
    super(scope, id);
    this.nodes = nodesOf(this, props, 'system-nodes', {
      labels: { 'penstock.dev/pool': 'system' },
      requirements: [
        among('karpenter.sh/capacity-type', ['on-demand']),
        among('kubernetes.io/arch', [props.architecture ?? 'amd64']),
        among('kubernetes.io/os', ['linux']),
        among('eks.amazonaws.com/instance-category', ['c', 'm', 'r']),
        { key: 'eks.amazonaws.com/instance-generation', operator: 'Gt', values: ['5'] },
      ],
      // A broker is moved when its machine is old, and not because another one would be cheaper.
      disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '5m0s', budgets: [{ nodes: '1' }] },
      limits: { cpu: String(props.maxCpus) },
    });
  }
}

export interface AutoModeGpuPoolProps<C extends GpuClass>
  extends CommonProps,
    Pick<GpuNodePoolProps<GpuClass>, 'zones'> {
  readonly gpu: C;
  readonly capacity: Exclude<GpuCapacity<C>, { readonly type: 'spot' }>;
  /** Devices that the pool may have at most, over all its machines. */
  readonly maxGpus: number;
}

/** Machines of one GPU class, each pod with its devices to itself. */
export class AutoModeGpuPool<C extends GpuClass = GpuClass> extends Construct {
  readonly nodes: { readonly nodePool: ApiObject; readonly nodeClass: ApiObject };
  /** What a pod says to run here. */
  readonly placement: GpuPlacement;

  /**
   * @throws {ConstructError} `window-too-long` for machines that would live longer than EKS lets them
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(scope: Construct, id: string, props: AutoModeGpuPoolProps<C>) {
    super(scope, id);
    const { gpu, maxGpus } = props;
    const capacity = props.capacity as GpuCapacity<C>;
    const machines = machinesOf(gpu, capacity);
    this.placement = gpuPlacement(gpu);
    this.nodes = nodesOf(this, props, 'gpu-nodes', {
      labels: gpuLabels(gpu, undefined),
      taints: gpuTaints(undefined),
      requirements: [...requirementsOf(capacity.type, machines, props.zones), among('kubernetes.io/os', ['linux'])],
      disruption: { consolidationPolicy: 'WhenEmpty', consolidateAfter: '5m0s', budgets: [{ nodes: '10%' }] },
      limits: { cpu: processorsWith(machines, maxGpus), [GPU_RESOURCE]: String(maxGpus) },
      reservations: reservationsOf(capacity),
    });
  }
}

interface Machines extends Pick<NodePoolSpec, 'disruption' | 'limits'> {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints?: NodePoolSpec['template']['spec']['taints'];
  readonly requirements: NodePoolSpec['template']['spec']['requirements'];
  readonly reservations?: Pick<AutoNodeClassSpec, 'capacityReservationSelectorTerms'>;
}

function nodesOf(scope: Construct, props: CommonProps, component: string, machines: Machines) {
  const { name, cluster, overrides } = props;
  const disk = props.disk ?? '100 GiB';
  const metadata = clusterMetadata(name, component);
  const selected = [{ tags: { [DISCOVERY]: cluster.discovery.lower() } }];
  const { labels, taints, requirements, disruption, limits } = machines;
  const template = {
    metadata: { labels },
    spec: {
      nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name } as const,
      requirements,
      ...(taints === undefined ? {} : { taints }),
      expireAfter: lifetimeOf(name, props.expireAfter ?? '336 hours'),
      terminationGracePeriod: go(props.terminationGrace ?? '1 hour'),
    },
  };
  return {
    nodeClass: autoNodeClass(
      scope,
      'node-class',
      {
        metadata,
        spec: {
          role: cluster.role.lower(),
          subnetSelectorTerms: selected,
          securityGroupSelectorTerms: selected,
          ...machines.reservations,
          networkPolicy: 'DefaultAllow',
          networkPolicyEventLogs: 'Enabled',
          ephemeralStorage: { size: byteQuantity(Bytes.is(disk) ? disk : Bytes.parse(disk)) },
        },
      },
      overrides?.nodeClass,
    ),
    nodePool: nodePool(scope, 'node-pool', { metadata, spec: { template, disruption, limits } }, overrides?.nodePool),
  };
}

const LONGEST_LIFE = Duration.parse('504 hours');

function lifetimeOf(name: string, expireAfter: DurationInput): string {
  const life = Duration.is(expireAfter) ? expireAfter : Duration.parse(expireAfter);
  if (!life.isLongerThan(LONGEST_LIFE)) return go(life);
  throw new ConstructError(
    'window-too-long',
    `node pool ${name}`,
    `machines live ${life}, expected ${LONGEST_LIFE} at most: EKS Auto Mode replaces them then in any case`,
  );
}
