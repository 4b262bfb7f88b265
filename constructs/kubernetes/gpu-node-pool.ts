import {
  type AwsGpuMachine,
  type AwsMachine,
  type AwsOnDemandMachine,
  Bytes,
  type BytesInput,
  Duration,
  type DurationInput,
  GPU_MACHINES,
  GPU_RESOURCE,
  type GpuClass,
  type MigClass,
  machineFor,
  type SpotClass,
  shareOf,
} from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { Override } from './api-object.ts';
import { type BlockDevice, ec2NodeClass, type NodeRequirement, nodePool } from './crd/karpenter.ts';
import {
  bottlerocketSettings,
  clientsOf,
  DEVICE_PLUGIN_LABEL,
  type GpuPlacement,
  type GpuSharing,
  gpuLabels,
  gpuPlacement,
  gpuTaints,
  type MigSharing,
  sharingName,
  type TimeSlicing,
} from './gpu-sharing.ts';
import { clusterMetadata } from './labels.ts';
import { byteQuantity, goDuration } from './lowering.ts';

type NonEmpty<T> = readonly [T, ...T[]];

/** How the machines are bought. Spot takes every machine with the device: what is left out is what would have been free. */
export type GpuCapacity<C extends GpuClass> =
  | { readonly type: 'on-demand'; readonly machines: NonEmpty<AwsOnDemandMachine<C>> }
  | ReservedCapacity<C>
  | (C extends SpotClass ? { readonly type: 'spot' } : never);

/** Capacity reservations and Capacity Blocks, found by a tag of theirs or by id. */
interface ReservedCapacity<C extends GpuClass> {
  readonly type: 'reserved';
  readonly machines: NonEmpty<AwsGpuMachine<C>>;
  readonly reservations:
    | { readonly ids: NonEmpty<Binding<string>> }
    | { readonly tag: { readonly key: string; readonly value: Binding<string> } };
}

/** One build of Bottlerocket or of Amazon Linux 2023 for EKS, as Karpenter names it. */
export type BottlerocketImage = `bottlerocket@v${number}.${number}.${number}`;
export type Al2023Image = `al2023@v${number}`;

/** Bottlerocket cuts devices while it starts. Amazon Linux has nobody who would. */
export type GpuNodeImage<C extends GpuClass> =
  | {
      readonly image: BottlerocketImage;
      /** @default - a pod has its devices to itself */
      readonly sharing?: TimeSlicing | (C extends MigClass ? MigSharing<C> : never);
    }
  | {
      readonly image: Al2023Image;
      /** @default - a pod has its devices to itself */
      readonly sharing?: TimeSlicing;
    };

interface CommonProps<C extends GpuClass> {
  /** Of the pool and of the class of its nodes; cluster-wide. */
  readonly name: string;
  readonly gpu: C;
  readonly capacity: GpuCapacity<C>;
  /** Devices that the pool may have at most, over all its machines. */
  readonly maxGpus: number;
  readonly cluster: {
    /** IAM role of the machines. */
    readonly role: Binding<string>;
    /** Value of the tag `karpenter.sh/discovery` on the subnets and security groups of the machines. */
    readonly discovery: Binding<string>;
  };
  /** By name, e.g. `eu-central-1a`: not every zone sells every machine. @default - all that the subnets are in */
  readonly zones?: NonEmpty<string>;
  /** Network disk for images and scratch; used where a machine has no local one. @default '100 GiB' */
  readonly disk?: BytesInput;
  /** A machine lives no longer: that is how it gets its patches. @default '720 hours' */
  readonly expireAfter?: DurationInput;
  /** From the start of a drain until what is left is killed. @default '1 hour' */
  readonly terminationGrace?: DurationInput;
  /** A machine goes when it has been empty for so long. @default '5 minutes' */
  readonly emptyFor?: DurationInput;
  /** Share of the machines that may be replaced at once, rounded up to one. @default '10%' */
  readonly disruptedAtOnce?: `${number}%`;
  readonly overrides?: { readonly nodePool?: Override; readonly nodeClass?: Override };
}

export type GpuNodePoolProps<C extends GpuClass> = CommonProps<C> & GpuNodeImage<C>;

/** Nodes of one GPU class on Amazon EC2, bought by Karpenter when a pod wants them and given back when they are empty. */
export class GpuNodePool<C extends GpuClass = GpuClass> extends Construct {
  readonly nodes: { readonly nodePool: ApiObject; readonly nodeClass: ApiObject };
  /** What a pod says to run here. */
  readonly placement: GpuPlacement;

  /**
   * @throws {ConstructError} `image-mutable` for an image without a build
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(scope: Construct, id: string, props: GpuNodePoolProps<C>) {
    super(scope, id);
    const { name, gpu, capacity, maxGpus, image, overrides } = props;
    const sharing = props.sharing as GpuSharing<C> | undefined;
    const bottlerocket = image.startsWith('bottlerocket@');
    const metadata = clusterMetadata(name, 'gpu-nodes');
    const machines = machinesOf(gpu, capacity);
    const userData = bottlerocket ? bottlerocketSettings(gpu, sharing) : undefined;
    this.placement = gpuPlacement(gpu, sharing);
    this.nodes = {
      nodeClass: ec2NodeClass(
        this,
        'node-class',
        {
          metadata,
          spec: {
            role: props.cluster.role.lower(),
            amiSelectorTerms: [{ alias: pinned(image) }],
            subnetSelectorTerms: [{ tags: { [DISCOVERY]: props.cluster.discovery.lower() } }],
            securityGroupSelectorTerms: [{ tags: { [DISCOVERY]: props.cluster.discovery.lower() } }],
            ...reservationsOf(capacity),
            metadataOptions: {
              httpEndpoint: 'enabled',
              httpProtocolIPv6: 'disabled',
              httpPutResponseHopLimit: 1,
              httpTokens: 'required',
            },
            blockDeviceMappings: disks(bottlerocket, bytes(props.disk ?? '100 GiB')),
            instanceStorePolicy: 'RAID0',
            ...(userData === undefined ? {} : { userData }),
          },
        },
        overrides?.nodeClass,
      ),
      nodePool: nodePool(
        this,
        'node-pool',
        {
          metadata,
          spec: {
            template: {
              metadata: { labels: { ...gpuLabels(gpu, sharing), ...(bottlerocket ? {} : pluginLabels(sharing)) } },
              spec: {
                nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name },
                requirements: [
                  ...requirementsOf(capacity.type, machines, props.zones),
                  among('kubernetes.io/os', ['linux']),
                ],
                taints: gpuTaints(sharing),
                expireAfter: go(props.expireAfter ?? '720 hours'),
                terminationGracePeriod: go(props.terminationGrace ?? '1 hour'),
              },
            },
            disruption: {
              consolidationPolicy: 'WhenEmpty',
              consolidateAfter: go(props.emptyFor ?? '5 minutes'),
              budgets: [{ nodes: props.disruptedAtOnce ?? '10%' }],
            },
            limits: {
              cpu: processorsWith(machines, maxGpus),
              // A node counts the shares of its devices, not the devices.
              [GPU_RESOURCE]: String(maxGpus * clientsOf(gpu, sharing)),
            },
          },
        },
        overrides?.nodePool,
      ),
    };
  }
}

export const DISCOVERY = 'karpenter.sh/discovery';

export const go = (duration: DurationInput): string =>
  goDuration((Duration.is(duration) ? duration : Duration.parse(duration)).toSeconds('up') * 1_000);

export const bytes = (size: BytesInput): Bytes => (Bytes.is(size) ? size : Bytes.parse(size));

export const among = (key: string, values: readonly string[]): NodeRequirement => ({ key, operator: 'In', values });

export function machinesOf<C extends GpuClass>(gpu: C, capacity: GpuCapacity<C>): readonly AwsMachine[] {
  if (capacity.type !== 'spot') {
    const names: readonly AwsGpuMachine<C>[] = capacity.machines;
    return names.map((machine) => machineFor('aws', machine, gpu));
  }
  return GPU_MACHINES.filter((machine) => machine.cloud === 'aws' && machine.gpu === gpu) as readonly AwsMachine[];
}

/** Processors that come with so many devices, on whichever of the machines. */
export const processorsWith = (machines: readonly AwsMachine[], gpus: number): string =>
  String(Math.ceil(Math.max(...machines.map((machine) => shareOf(machine, gpus).vcpus))));

export function requirementsOf(
  type: 'on-demand' | 'reserved' | 'spot',
  machines: readonly AwsMachine[],
  zones?: readonly string[],
): readonly NodeRequirement[] {
  const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];
  return [
    among('karpenter.sh/capacity-type', [type]),
    ...(zones === undefined ? [] : [among('topology.kubernetes.io/zone', zones)]),
    among('kubernetes.io/arch', distinct(machines.map(({ architecture }) => architecture))),
    ...(type === 'spot'
      ? [
          among('karpenter.k8s.aws/instance-gpu-name', distinct(machines.map(({ device }) => device))),
          // Fractions of a device have its name and a count of nothing.
          { key: 'karpenter.k8s.aws/instance-gpu-count', operator: 'Gt', values: ['0'] } as const,
        ]
      : [
          among(
            'node.kubernetes.io/instance-type',
            machines.map(({ name }) => name),
          ),
        ]),
  ];
}

export function reservationsOf<C extends GpuClass>(capacity: GpuCapacity<C>) {
  if (capacity.type !== 'reserved') return {};
  const { reservations } = capacity;
  return {
    capacityReservationSelectorTerms:
      'ids' in reservations
        ? reservations.ids.map((id) => ({ id: id.lower() }))
        : [{ tags: { [reservations.tag.key]: reservations.tag.value.lower() } }],
  };
}

/** Bottlerocket keeps itself and what it runs on two disks. */
function disks(bottlerocket: boolean, size: Bytes): readonly BlockDevice[] {
  const disk = (deviceName: string, volume: Bytes): BlockDevice => ({
    deviceName,
    ebs: { volumeSize: byteQuantity(volume), volumeType: 'gp3', encrypted: true, deleteOnTermination: true },
  });
  return bottlerocket ? [disk('/dev/xvda', Bytes.parse('4 GiB')), disk('/dev/xvdb', size)] : [disk('/dev/xvda', size)];
}

/** Brings NVIDIA's device plugin to nodes whose image has none, with the configuration that `DevicePluginConfig` makes. */
const pluginLabels = (sharing: GpuSharing | undefined): Readonly<Record<string, string>> => ({
  'nvidia.com/gpu.present': 'true',
  [DEVICE_PLUGIN_LABEL]: sharingName(sharing),
});

function pinned(image: string): string {
  if (/^(bottlerocket@v\d+\.\d+\.\d+|al2023@v\d{8})$/.test(image)) return image;
  throw new ConstructError(
    'image-mutable',
    `node image ${JSON.stringify(image)}`,
    'expected one build, such as bottlerocket@v1.64.0 or al2023@v20261101: tomorrow another one has another driver',
  );
}
