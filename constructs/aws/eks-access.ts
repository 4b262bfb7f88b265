import { Aws } from 'aws-cdk-lib';
import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import type { Construct } from 'constructs';
import type { Binding } from '../binding.ts';

/** What somebody may do in some namespaces, by the names of the policies of EKS. */
export interface NamespaceAccess {
  /** ARN of the role or user. */
  readonly principal: Binding<string>;
  readonly policy: 'admin' | 'edit' | 'view';
  readonly namespaces: readonly [string, ...string[]];
}

/** Who gets into a cluster, beside the nodes. */
export interface ClusterAccess {
  /** ARNs of roles that may do everything. Without one nobody could ever let anybody in. */
  readonly admins: readonly [Binding<string>, ...Binding<string>[]];
  /** By a name that never changes. @default - nobody */
  readonly others?: Readonly<Record<string, NamespaceAccess>>;
}

const POLICIES = {
  'cluster-admin': 'AmazonEKSClusterAdminPolicy',
  admin: 'AmazonEKSAdminPolicy',
  edit: 'AmazonEKSEditPolicy',
  view: 'AmazonEKSViewPolicy',
  'auto-node': 'AmazonEKSAutoNodePolicy',
} as const;

/** ARN of an access policy of EKS; it has neither region nor account. */
export const accessPolicy = (name: keyof typeof POLICIES): string =>
  `arn:${Aws.PARTITION}:eks::aws:cluster-access-policy/${POLICIES[name]}`;

export function accessEntries(
  scope: Construct,
  clusterName: string,
  { admins, others }: ClusterAccess,
): readonly CfnAccessEntry[] {
  return [
    ...admins.map(
      (principal, index) =>
        new CfnAccessEntry(scope, `Admin${index}`, {
          clusterName,
          principalArn: principal.lower(),
          accessPolicies: [{ policyArn: accessPolicy('cluster-admin'), accessScope: { type: 'cluster' } }],
        }),
    ),
    ...Object.entries(others ?? {}).map(
      ([name, { principal, policy, namespaces }]) =>
        new CfnAccessEntry(scope, `Access-${name}`, {
          clusterName,
          principalArn: principal.lower(),
          accessPolicies: [
            { policyArn: accessPolicy(policy), accessScope: { type: 'namespace', namespaces: [...namespaces] } },
          ],
        }),
    ),
  ];
}
