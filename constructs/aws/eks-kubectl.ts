import { KubectlV36Layer } from '@aws-cdk/lambda-layer-kubectl-v36';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { Cluster, type ICluster, KubectlProvider } from 'aws-cdk-lib/aws-eks-v2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { eksManifests, type ManifestTarget } from './cluster-manifests.ts';
import { accessPolicy } from './eks-access.ts';
import type { EksCluster } from './eks-cluster.ts';
import { functionsOfKubectl } from './nag.ts';

export interface EksKubectlProps {
  readonly cluster: EksCluster;
}

/**
 * The hand by which CloudFormation puts objects and charts into a cluster: a function that may do everything in it. It
 * stands in the subnets and in the group of the nodes, for it has to reach what they reach, the API and the endpoints of
 * AWS, and whoever rules a cluster has its nodes in any case. Its own stack has it: nothing of it is exported, so that a
 * new version of kubectl changes no cluster.
 */
export class EksKubectl extends Construct {
  readonly nodes: { readonly cluster: ICluster; readonly role: IRole; readonly access: CfnAccessEntry };
  readonly target: ManifestTarget;

  constructor(scope: Construct, id: string, { cluster }: EksKubectlProps) {
    super(scope, id);
    const { network } = cluster;
    // By its name, which never changes: a reference would be an export of the cluster's stack.
    const known = { clusterName: cluster.name, vpc: network.vpc };
    const provider = new KubectlProvider(this, 'Provider', {
      cluster: Cluster.fromClusterAttributes(this, 'Known', known),
      kubectlLayer: new KubectlV36Layer(this, 'Kubectl'),
      privateSubnets: [...network.nodeSubnets],
      securityGroups: [network.nodeSecurityGroup],
    });
    const imported = Cluster.fromClusterAttributes(this, 'Cluster', { ...known, kubectlProvider: provider });
    const role = provider.role as IRole;
    const access = new CfnAccessEntry(this, 'Access', {
      clusterName: cluster.name,
      principalArn: role.roleArn,
      accessPolicies: [{ policyArn: accessPolicy('cluster-admin'), accessScope: { type: 'cluster' } }],
    });
    access.node.addDependency(cluster);
    functionsOfKubectl(provider);
    const manifests = eksManifests(imported);
    this.target = {
      apply: (...part) => {
        const applied = manifests.apply(...part);
        applied.node.addDependency(access);
        return applied;
      },
    };
    this.nodes = { cluster: imported, role, access };
  }
}
