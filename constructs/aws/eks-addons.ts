import { CfnAddon } from 'aws-cdk-lib/aws-eks';
import { ManagedPolicy, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { keptByAws } from './nag.ts';
import { type ClusterIdentity, podIdentityRole } from './pod-identity.ts';

/** One build of an add-on, e.g. `v1.22.4-eksbuild.3`. */
export type AddonVersion = `v${number}.${number}.${number}-eksbuild.${number}`;

export type EksAddon = 'vpc-cni' | 'kube-proxy' | 'coredns' | 'aws-ebs-csi-driver' | 'eks-pod-identity-agent';

export type AddonVersions = Readonly<Record<EksAddon, AddonVersion>>;

/**
 * Builds that a cluster of Kubernetes 1.36 resolved to and ran, as others published it; EKS offers later ones beside them.
 * The driver of disks is one that others ran on 1.36 with an older build of the rest.
 */
export const ADDONS_1_36: AddonVersions & { readonly asOf: '2026-09-16' } = {
  asOf: '2026-09-16',
  'vpc-cni': 'v1.22.4-eksbuild.3',
  'kube-proxy': 'v1.36.0-eksbuild.21',
  coredns: 'v1.14.3-eksbuild.16',
  'aws-ebs-csi-driver': 'v1.63.1-eksbuild.1',
  'eks-pod-identity-agent': 'v1.3.10-eksbuild.3',
};

/** What a node needs to become ready. The others need a node: without one their creation fails. */
export const BEFORE_NODES: readonly EksAddon[] = ['vpc-cni', 'kube-proxy', 'eks-pod-identity-agent'];

/** Where an add-on calls AWS: its account, and the policy that AWS keeps for it. */
const RIGHTS: Partial<Record<EksAddon, { readonly account: string; readonly policy: string }>> = {
  'vpc-cni': { account: 'aws-node', policy: 'AmazonEKS_CNI_Policy' },
  'aws-ebs-csi-driver': { account: 'ebs-csi-controller-sa', policy: 'service-role/AmazonEBSCSIDriverPolicy' },
};

const SETTINGS: Partial<Record<EksAddon, object>> = {
  'vpc-cni': {
    // The agent refuses what network policies do not allow; without it they are only read.
    enableNetworkPolicy: 'true',
    env: {
      // Sixteen addresses at once: a node starts many pods without asking EC2 for each.
      ENABLE_PREFIX_DELEGATION: 'true',
      WARM_PREFIX_TARGET: '1',
    },
  },
};

export interface EksAddons {
  readonly addons: Readonly<Record<EksAddon, CfnAddon>>;
  readonly roles: Partial<Record<EksAddon, Role>>;
}

/** The add-ons of a cluster whose nodes are not those of EKS Auto Mode, each with rights of its own where it has any. */
export function eksAddons(scope: Construct, cluster: ClusterIdentity, versions: AddonVersions): EksAddons {
  const roles: Partial<Record<EksAddon, Role>> = {};
  const addon = (name: EksAddon): CfnAddon => {
    const rights = RIGHTS[name];
    if (rights !== undefined) {
      const role = podIdentityRole(scope, `Role-${name}`, {
        cluster,
        namespace: 'kube-system',
        serviceAccount: rights.account,
        description: `Add-on ${name} of ${cluster.name}`,
      });
      role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(rights.policy));
      keptByAws(role, [rights.policy]);
      roles[name] = role;
    }
    const settings = SETTINGS[name];
    return new CfnAddon(scope, `Addon-${name}`, {
      clusterName: cluster.name,
      addonName: name,
      addonVersion: versions[name],
      resolveConflicts: 'OVERWRITE',
      ...(settings === undefined ? {} : { configurationValues: JSON.stringify(settings) }),
      ...(rights === undefined || roles[name] === undefined
        ? {}
        : { podIdentityAssociations: [{ serviceAccount: rights.account, roleArn: roles[name].roleArn }] }),
    });
  };
  return {
    addons: {
      'vpc-cni': addon('vpc-cni'),
      'kube-proxy': addon('kube-proxy'),
      'eks-pod-identity-agent': addon('eks-pod-identity-agent'),
      coredns: addon('coredns'),
      'aws-ebs-csi-driver': addon('aws-ebs-csi-driver'),
    },
    roles,
  };
}
