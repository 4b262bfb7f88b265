import type { types } from '@pulumi/gcp';
import type { Input } from '@pulumi/pulumi';

type NodeConfig = types.input.container.NodePoolNodeConfig;

/** Who a node is, and by which key its disk is encrypted. */
export interface NodeIdentity {
  readonly serviceAccount: Input<string>;
  readonly bootDiskKmsKey: Input<string>;
}

/**
 * What every node of a cluster has in common: the operating system that is read-only below its containers, a boot chain
 * that is verified and measured, and metadata that gives a pod its own identity and never the node's.
 */
export const hardenedNode = ({ serviceAccount, bootDiskKmsKey }: NodeIdentity) =>
  ({
    imageType: 'COS_CONTAINERD',
    serviceAccount,
    // Scopes are the older of two locks on one door: open, so that the roles of the account alone decide.
    oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
    bootDiskKmsKey,
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    workloadMetadataConfig: { mode: 'GKE_METADATA' },
    metadata: { 'disable-legacy-endpoints': 'true' },
    kubeletConfig: { insecureKubeletReadonlyPortEnabled: 'FALSE' },
    gvnic: { enabled: true },
    // A container starts while its image is still on the way.
    gcfsConfig: { enabled: true },
  }) as const satisfies NodeConfig;
