import type { Construct } from 'constructs';
import { emitForCluster, type Override } from '../api-object.ts';

/** The fields of a Karpenter NodePool that we emit. Durations are Go's. */
export interface NodePoolSpec {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly nodeClassRef: NodeClassReference & { readonly name: string };
      readonly requirements: readonly NodeRequirement[];
      /** @default - none: whatever fits may run there */
      readonly taints?: readonly NodeTaint[];
      readonly expireAfter: string;
      readonly terminationGracePeriod: string;
    };
  };
  readonly disruption: {
    readonly consolidationPolicy: 'WhenEmpty' | 'WhenEmptyOrUnderutilized';
    readonly consolidateAfter: string;
    readonly budgets: readonly { readonly nodes: string }[];
  };
  /** Machines of a pool stop being bought when either is reached. */
  readonly limits: { readonly cpu: string; readonly 'nvidia.com/gpu'?: string };
}

/** Whose classes these are: those of Karpenter, or of the Karpenter inside of EKS Auto Mode. */
export type NodeClassReference =
  | { readonly group: 'karpenter.k8s.aws'; readonly kind: 'EC2NodeClass' }
  | { readonly group: 'eks.amazonaws.com'; readonly kind: 'NodeClass' };

export interface NodeRequirement {
  readonly key: string;
  readonly operator: 'In' | 'Gt';
  readonly values: readonly string[];
}

export interface NodeTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule';
}

/** The fields of a Karpenter EC2NodeClass that we emit. */
export interface Ec2NodeClassSpec {
  readonly role: string;
  readonly amiSelectorTerms: readonly [{ readonly alias: string }];
  readonly subnetSelectorTerms: readonly SelectorTerm[];
  readonly securityGroupSelectorTerms: readonly SelectorTerm[];
  /** @default - none: the machines are bought as they are needed */
  readonly capacityReservationSelectorTerms?: readonly (SelectorTerm | { readonly id: string })[];
  readonly metadataOptions: {
    readonly httpEndpoint: 'enabled';
    readonly httpProtocolIPv6: 'disabled';
    readonly httpPutResponseHopLimit: 1;
    readonly httpTokens: 'required';
  };
  readonly blockDeviceMappings: readonly BlockDevice[];
  readonly instanceStorePolicy: 'RAID0';
  /** Settings of the machine, merged with Karpenter's own. @default - Karpenter's own */
  readonly userData?: string;
}

export interface BlockDevice {
  readonly deviceName: string;
  readonly ebs: {
    readonly volumeSize: string;
    readonly volumeType: 'gp3';
    readonly encrypted: true;
    readonly deleteOnTermination: true;
  };
}

interface SelectorTerm {
  readonly tags: Readonly<Record<string, string>>;
}

export interface ClusterResource<Spec> {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Spec;
}

export const nodePool = (scope: Construct, id: string, props: ClusterResource<NodePoolSpec>, override?: Override) =>
  emitForCluster(scope, id, { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', ...props }, override);

export const ec2NodeClass = (
  scope: Construct,
  id: string,
  props: ClusterResource<Ec2NodeClassSpec>,
  override?: Override,
) => emitForCluster(scope, id, { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', ...props }, override);

/** The fields of a NodeClass of EKS Auto Mode that we emit. Image, metadata options and local disks are Amazon's own choice. */
export interface AutoNodeClassSpec {
  readonly role: string;
  readonly subnetSelectorTerms: readonly SelectorTerm[];
  readonly securityGroupSelectorTerms: readonly SelectorTerm[];
  /** @default - none: the machines are bought as they are needed */
  readonly capacityReservationSelectorTerms?: readonly (SelectorTerm | { readonly id: string })[];
  readonly networkPolicy: 'DefaultAllow';
  readonly networkPolicyEventLogs: 'Enabled';
  readonly ephemeralStorage: { readonly size: string };
}

export const autoNodeClass = (
  scope: Construct,
  id: string,
  props: ClusterResource<AutoNodeClassSpec>,
  override?: Override,
) => emitForCluster(scope, id, { apiVersion: 'eks.amazonaws.com/v1', kind: 'NodeClass', ...props }, override);
