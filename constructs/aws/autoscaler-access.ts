import { Stack } from 'aws-cdk-lib';
import { CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import { ManagedPolicy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ClusterTarget } from './cluster-target.ts';
import { exempt } from './exemption.ts';
import { unnamedResources } from './nag.ts';
import { podIdentityRole } from './pod-identity.ts';

export interface AutoscalerAccessProps {
  /** EKS Auto Mode brings machines by itself, and has no groups to grow. */
  readonly cluster: ClusterTarget<'nodes'>;
  /** @default 'kube-system' */
  readonly namespace?: string;
  /** @default 'cluster-autoscaler' */
  readonly serviceAccount?: string;
}

/**
 * What Cluster Autoscaler may do: see all groups of machines, and change the size of those that EKS tagged as this
 * cluster's. Managed node groups get that tag from EKS. Who takes a machine away takes the one it drained, by its id.
 */
export class AutoscalerAccess extends Construct {
  readonly nodes: {
    readonly role: Role;
    readonly association: CfnPodIdentityAssociation;
    readonly policies: readonly ManagedPolicy[];
  };

  constructor(scope: Construct, id: string, props: AutoscalerAccessProps) {
    super(scope, id);
    const { cluster } = props;
    const account = {
      namespace: props.namespace ?? 'kube-system',
      serviceAccount: props.serviceAccount ?? 'cluster-autoscaler',
    };
    const role = podIdentityRole(this, 'Role', {
      cluster,
      ...account,
      description: `Cluster Autoscaler of ${cluster.name}`,
    });
    const discovery = this.#policy('Discovery', role, lists());
    exempt(discovery, {
      because: 'the actions that list groups and machines know no resource; they read and change nothing',
      policies: ['rights-least'],
    });
    const groups = this.#policy('Groups', role, changes(Stack.of(this), cluster.name));
    const association = new CfnPodIdentityAssociation(this, 'Association', {
      clusterName: cluster.name,
      ...account,
      roleArn: role.roleArn,
    });
    association.node.addDependency(...(cluster.prerequisites ?? []));
    this.nodes = { role, association, policies: [discovery, groups] };
  }

  #policy(id: string, role: Role, statements: readonly PolicyStatement[]): ManagedPolicy {
    const policy = new ManagedPolicy(this, id, { roles: [role], statements: [...statements] });
    unnamedResources(
      policy,
      statements,
      'EKS names groups of machines when it makes them: its tag of the cluster holds it',
    );
    return policy;
  }
}

const lists = (): readonly PolicyStatement[] => [
  new PolicyStatement({
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeAutoScalingInstances',
      'autoscaling:DescribeLaunchConfigurations',
      'autoscaling:DescribeScalingActivities',
      'ec2:DescribeImages',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeLaunchTemplateVersions',
      'ec2:GetInstanceTypesFromInstanceRequirements',
    ],
    resources: ['*'],
  }),
];

const changes = (stack: Stack, cluster: string): readonly PolicyStatement[] => [
  new PolicyStatement({
    actions: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
    resources: [
      stack.formatArn({
        service: 'autoscaling',
        resource: 'autoScalingGroup:*:autoScalingGroupName',
        resourceName: '*',
      }),
    ],
    conditions: { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${cluster}`]: 'owned' } },
  }),
  // Labels and taints of a group without a machine: it has nowhere else to read them.
  new PolicyStatement({
    actions: ['eks:DescribeNodegroup'],
    resources: [stack.formatArn({ service: 'eks', resource: 'nodegroup', resourceName: `${cluster}/*/*` })],
  }),
];
