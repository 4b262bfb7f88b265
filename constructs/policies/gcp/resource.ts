// What policies read of a requested resource. Every field may be missing: a policy judges what anyone wrote.

/** A resource as a Pulumi program asks for it, after every transform. */
export interface CloudResource {
  /** e.g. `gcp:container/cluster:Cluster`. */
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export const CLUSTER = 'gcp:container/cluster:Cluster';
export const NODE_POOL = 'gcp:container/nodePool:NodePool';
export const SUBNETWORK = 'gcp:compute/subnetwork:Subnetwork';
export const ALERT_POLICY = 'gcp:monitoring/alertPolicy:AlertPolicy';
export const IAM_MEMBER = 'gcp:projects/iAMMember:IAMMember';

/** Says, in the program and beside the resource, that it has to break a policy. */
export const SUPPRESSION = 'penstock:gcp:PolicySuppression';

interface Enabled {
  readonly enabled?: boolean;
}

export interface NodeConfig {
  readonly imageType?: string;
  readonly serviceAccount?: string;
  readonly bootDiskKmsKey?: string;
  readonly flexStart?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly workloadMetadataConfig?: { readonly mode?: string };
  readonly shieldedInstanceConfig?: {
    readonly enableSecureBoot?: boolean;
    readonly enableIntegrityMonitoring?: boolean;
  };
}

export interface NodeManagement {
  readonly autoRepair?: boolean;
  readonly autoUpgrade?: boolean;
}

/** Settings of nodes in pools that GKE makes by itself; it gives them the metadata server of the cluster. */
export interface AutoProvisionedNode
  extends Pick<NodeConfig, 'imageType' | 'serviceAccount' | 'bootDiskKmsKey' | 'shieldedInstanceConfig'> {
  readonly management?: NodeManagement;
}

export interface NodePoolInputs {
  readonly management?: NodeManagement;
  readonly networkConfig?: { readonly enablePrivateNodes?: boolean };
  readonly nodeConfig?: NodeConfig;
}

export interface ClusterInputs {
  readonly privateClusterConfig?: { readonly enablePrivateNodes?: boolean; readonly enablePrivateEndpoint?: boolean };
  readonly masterAuthorizedNetworksConfig?: { readonly cidrBlocks?: readonly { readonly cidrBlock?: string }[] };
  readonly workloadIdentityConfig?: { readonly workloadPool?: string };
  readonly ipAllocationPolicy?: object;
  readonly datapathProvider?: string;
  readonly networkPolicy?: Enabled;
  readonly enableIntranodeVisibility?: boolean;
  readonly releaseChannel?: { readonly channel?: string };
  readonly enableShieldedNodes?: boolean;
  readonly databaseEncryption?: { readonly state?: string; readonly keyName?: string };
  readonly enableLegacyAbac?: boolean;
  readonly enableKubernetesAlpha?: boolean;
  readonly masterAuth?: { readonly clientCertificateConfig?: { readonly issueClientCertificate?: boolean } };
  readonly loggingConfig?: { readonly enableComponents?: readonly string[] };
  readonly monitoringConfig?: { readonly enableComponents?: readonly string[] };
  readonly removeDefaultNodePool?: boolean;
  readonly clusterAutoscaling?: Enabled & { readonly autoProvisioningDefaults?: AutoProvisionedNode };
  readonly nodeConfig?: NodeConfig;
  readonly deletionProtection?: boolean;
  readonly securityPostureConfig?: { readonly mode?: string };
  readonly resourceLabels?: Readonly<Record<string, string>>;
}

export interface AlertPolicyInputs {
  readonly enabled?: boolean;
  readonly notificationChannels?: readonly string[];
  readonly conditions?: readonly { readonly conditionPrometheusQueryLanguage?: { readonly query?: string } }[];
}
