import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** A cluster, to whoever trusts it: what a role and an association need of one. */
export interface ClusterIdentity {
  readonly name: string;
}

export interface PodIdentityRoleProps {
  readonly cluster: ClusterIdentity;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly description: string;
}

/**
 * A role that the pods of one service account get, and nobody else: EKS is trusted only where it speaks for this
 * cluster, and only for a session that it tagged with this namespace and account.
 */
export function podIdentityRole(scope: Construct, id: string, props: PodIdentityRoleProps): Role {
  const { cluster, namespace, serviceAccount, description } = props;
  const stack = Stack.of(scope);
  const principal = new ServicePrincipal('pods.eks.amazonaws.com', {
    conditions: {
      StringEquals: {
        'aws:SourceAccount': stack.account,
        'aws:RequestTag/kubernetes-namespace': namespace,
        'aws:RequestTag/kubernetes-service-account': serviceAccount,
      },
      ArnEquals: {
        'aws:SourceArn': stack.formatArn({ service: 'eks', resource: 'cluster', resourceName: cluster.name }),
      },
    },
  });
  const role = new Role(scope, id, { assumedBy: principal, description });
  role.assumeRolePolicy?.addStatements(new PolicyStatement({ principals: [principal], actions: ['sts:TagSession'] }));
  return role;
}
