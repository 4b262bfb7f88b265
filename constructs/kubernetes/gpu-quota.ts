import { Bytes, GPU_RESOURCE, type GpuMachine, shareOf } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from './api-object.ts';
import { type ClusterQueueSpec, clusterQueue, type FlavorQuota, localQueue, resourceFlavor } from './crd/kueue.ts';
import { clientsOf, type GpuSharing, gpuNodesOf, sharingName } from './gpu-sharing.ts';
import { clusterMetadata, NAMESPACE_NAME_LABEL } from './labels.ts';
import { byteQuantity } from './lowering.ts';

/** Devices of one class, with the processors, memory and disk that come with them in a machine. */
export interface QuotaShare {
  /** As `machineFor` gives it; its proportions make the quota. */
  readonly machine: GpuMachine;
  readonly gpus: number;
  /** As the nodes have it. @default - a pod has its devices to itself */
  readonly sharing?: GpuSharing;
}

/** What queues do with what others leave free. */
export interface QuotaCohort {
  readonly name: string;
  /** @default 'nothing' */
  readonly borrows?: 'nothing' | 'what-is-free';
  /** @default 'nothing' */
  readonly lends?: 'nothing' | 'what-is-free';
  /** Whose work makes room when what was lent is wanted back. @default 'nobody' */
  readonly reclaims?: 'nobody' | 'lower-priority' | 'anybody';
}

export interface GpuQuotaProps {
  /** Of the queues, and in front of the names of the flavors. */
  readonly name: string;
  /** Whose work may be queued here, and nobody else's. */
  readonly namespace: string;
  readonly shares: readonly [QuotaShare, ...QuotaShare[]];
  /** Work that goes first may stop other work of the same queue. @default 'nobody' */
  readonly preempts?: 'nobody' | 'lower-priority' | 'lower-or-newer-equal-priority';
  /** What does not fit holds up what comes after it. @default false */
  readonly strict?: boolean;
  /** @default - it shares with nobody */
  readonly cohort?: QuotaCohort;
  readonly overrides?: { readonly clusterQueue?: Override; readonly localQueue?: Override };
}

/** The share of GPUs that a namespace has, by Kueue: a job waits as a whole until there are devices for all of it. */
export class GpuQuota extends Construct {
  readonly nodes: {
    readonly flavors: readonly ApiObject[];
    readonly clusterQueue: ApiObject;
    readonly localQueue: ApiObject;
  };
  /** For the metadata of a Job or any other workload that has to wait here. */
  readonly queueLabel: { readonly 'kueue.x-k8s.io/queue-name': string };

  constructor(scope: Construct, id: string, props: GpuQuotaProps) {
    super(scope, id);
    const { name, namespace, shares, cohort, overrides } = props;
    const flavors = shares.map((share) => ({ share, name: `${name}-${flavorName(share)}` }));
    const spec: ClusterQueueSpec = {
      namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } },
      queueingStrategy: props.strict === true ? 'StrictFIFO' : 'BestEffortFIFO',
      ...(cohort === undefined ? {} : { cohortName: cohort.name }),
      preemption: {
        withinClusterQueue: WITHIN[props.preempts ?? 'nobody'],
        reclaimWithinCohort: RECLAIM[cohort?.reclaims ?? 'nobody'],
        borrowWithinCohort: { policy: 'Never' },
      },
      resourceGroups: [
        {
          coveredResources: COVERED,
          flavors: flavors.map((flavor) => ({ name: flavor.name, resources: quotas(flavor.share, cohort) })),
        },
      ],
    };
    this.nodes = {
      flavors: flavors.map((flavor) =>
        resourceFlavor(this, `flavor-${flavor.name}`, {
          metadata: clusterMetadata(flavor.name, 'gpu-quota'),
          spec: gpuNodesOf(flavor.share.machine, flavor.share.sharing),
        }),
      ),
      clusterQueue: clusterQueue(
        this,
        'cluster-queue',
        { metadata: clusterMetadata(name, 'gpu-quota'), spec },
        overrides?.clusterQueue,
      ),
      localQueue: localQueue(
        this,
        'local-queue',
        { metadata: { ...clusterMetadata(name, 'gpu-quota'), namespace }, spec: { clusterQueue: name } },
        overrides?.localQueue,
      ),
    };
    this.queueLabel = { 'kueue.x-k8s.io/queue-name': name };
  }
}

const WITHIN = {
  nobody: 'Never',
  'lower-priority': 'LowerPriority',
  'lower-or-newer-equal-priority': 'LowerOrNewerEqualPriority',
} as const;

const RECLAIM = { nobody: 'Never', 'lower-priority': 'LowerPriority', anybody: 'Any' } as const;

/** Everything that our pods request: Kueue admits nothing that asks for a resource which its queue does not cover. */
const COVERED = ['cpu', 'memory', 'ephemeral-storage', GPU_RESOURCE] as const;

/** Where a machine has no disk of its own, its network disk for images and scratch. */
const NETWORK_DISK = Bytes.parse('100 GiB');

/** On GKE one class can be two devices with labels of their own: H100 and H100 Mega. */
function flavorName({ machine, sharing }: QuotaShare): string {
  const devices = machine.cloud === 'gke' ? machine.accelerator : machine.gpu;
  return sharing === undefined ? devices : `${devices}-${sharingName(sharing)}`;
}

function quotas({ machine, gpus, sharing }: QuotaShare, cohort: QuotaCohort | undefined): readonly FlavorQuota[] {
  const { vcpus, memory, localDisk } = shareOf(machine, gpus);
  const disk = localDisk.bytes === 0 ? NETWORK_DISK.times(gpus) : localDisk;
  const amounts: Readonly<Record<(typeof COVERED)[number], string>> = {
    cpu: String(vcpus),
    memory: byteQuantity(memory),
    'ephemeral-storage': byteQuantity(disk),
    [GPU_RESOURCE]: String(gpus * clientsOf(machine.gpu, sharing)),
  };
  const limits =
    cohort === undefined
      ? {}
      : {
          ...(cohort.borrows === 'what-is-free' ? {} : { borrowingLimit: '0' }),
          ...(cohort.lends === 'what-is-free' ? {} : { lendingLimit: '0' }),
        };
  return COVERED.map((resource) => ({ name: resource, nominalQuota: amounts[resource], ...limits }));
}
