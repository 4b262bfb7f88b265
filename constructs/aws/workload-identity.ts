import { CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import { Policy, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { ClusterTarget } from './cluster-target.ts';
import { unnamedResources } from './nag.ts';
import { podIdentityRole } from './pod-identity.ts';
import type { WorkloadGrant } from './workload-grant.ts';

export interface WorkloadIdentityProps {
  readonly cluster: ClusterTarget;
  readonly namespace: string;
  /** Of one workload: two workloads under one account have each other's rights. */
  readonly serviceAccount: string;
  readonly grants: readonly [WorkloadGrant, ...WorkloadGrant[]];
}

/**
 * What the pods of one service account may do in AWS, by EKS Pod Identity: nothing in the cluster has to name the role,
 * and no key has to be kept anywhere.
 */
export class WorkloadIdentity extends Construct {
  readonly nodes: { readonly role: Role; readonly policy: Policy; readonly association: CfnPodIdentityAssociation };
  readonly role: Binding<string>;

  /** @throws {ConstructError} `reference-missing` for the account that every pod has that names none */
  constructor(scope: Construct, id: string, props: WorkloadIdentityProps) {
    super(scope, id);
    const { cluster, namespace, serviceAccount, grants } = props;
    if (serviceAccount === 'default')
      throw new ConstructError(
        'reference-missing',
        `service account ${namespace}/${serviceAccount}`,
        'expected an account of its own: every pod that names none would get these rights',
      );
    const role = podIdentityRole(this, 'Role', {
      cluster,
      namespace,
      serviceAccount,
      description: `${namespace}/${serviceAccount} in ${cluster.name}`,
    });
    const statements = grants.flatMap((grant) => grant.lower());
    const policy = new Policy(this, 'Rights', { roles: [role], statements });
    unnamedResources(policy, statements, 'the files of one revision of one model: a person gave its prefix');
    this.role = Binding.of(role.roleArn);
    const association = new CfnPodIdentityAssociation(this, 'Association', {
      // By its name, which never changes: a reference would be an export of the cluster's stack.
      clusterName: cluster.name,
      namespace,
      serviceAccount,
      roleArn: role.roleArn,
    });
    association.node.addDependency(...(cluster.prerequisites ?? []));
    this.nodes = { role, policy, association };
  }
}
