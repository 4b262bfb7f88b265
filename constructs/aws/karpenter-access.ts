import { Duration, Stack } from 'aws-cdk-lib';
import { CfnAccessEntry, CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { ManagedPolicy, type Role } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Binding } from '../binding.ts';
import type { EksCluster } from './eks-cluster.ts';
import { exempt } from './exemption.ts';
import { karpenterRights } from './karpenter-rights.ts';
import { unnamedResources } from './nag.ts';
import { nodeRole } from './node-template.ts';
import { podIdentityRole } from './pod-identity.ts';

export interface KarpenterAccessProps {
  /** EKS Auto Mode brings machines by itself, and takes neither node groups nor a second Karpenter. */
  readonly cluster: EksCluster<'nodes'>;
  /** @default 'kube-system' */
  readonly namespace?: string;
  /** @default 'karpenter' */
  readonly serviceAccount?: string;
}

/** What happens to machines that Karpenter has to know before it happens. */
const EVENTS = {
  SpotInterruption: ['aws.ec2', 'EC2 Spot Instance Interruption Warning'],
  Rebalance: ['aws.ec2', 'EC2 Instance Rebalance Recommendation'],
  StateChange: ['aws.ec2', 'EC2 Instance State-change Notification'],
  ReservationInterruption: ['aws.ec2', 'EC2 Capacity Reservation Instance Interruption Warning'],
  ScheduledChange: ['aws.health', 'AWS Health Event'],
} as const;

/**
 * All that Karpenter needs outside the cluster: rights to buy machines for this cluster and to give back what it bought,
 * a role for the machines, and a queue of what is about to happen to them. Its pools and classes lie in the cluster.
 */
export class KarpenterAccess extends Construct {
  readonly nodes: {
    readonly controllerRole: Role;
    readonly nodeRole: Role;
    readonly association: CfnPodIdentityAssociation;
    readonly nodeAccess: CfnAccessEntry;
    readonly queue: Queue;
    readonly rules: readonly Rule[];
    readonly policies: readonly ManagedPolicy[];
  };
  /** What the pools in the cluster take as `cluster`. */
  readonly handover: { readonly role: Binding<string>; readonly discovery: Binding<string> };
  /** Name of the queue, for Karpenter's setting `interruptionQueue`. */
  readonly interruptionQueue: Binding<string>;

  constructor(scope: Construct, id: string, props: KarpenterAccessProps) {
    super(scope, id);
    const { cluster } = props;
    const account = {
      namespace: props.namespace ?? 'kube-system',
      serviceAccount: props.serviceAccount ?? 'karpenter',
    };
    const machines = nodeRole(this, 'NodeRole', cluster.name);
    const queue = new Queue(this, 'Interruptions', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // News of a machine that is gone by then.
      retentionPeriod: Duration.minutes(5),
    });
    exempt(queue, {
      because:
        'news that nobody read in five minutes is of a machine that is gone: it is of no use in a dead-letter queue',
      nag: ['SQS3'],
    });
    exempt(queue, {
      because: 'SQS encrypts it by keys of its own, which EventBridge may write under; what is in it is no secret',
      checkov: ['CKV_AWS_27'],
    });
    const controllerRole = podIdentityRole(this, 'ControllerRole', {
      cluster,
      ...account,
      description: `Karpenter of ${cluster.name}`,
    });
    const rights = karpenterRights({ stack: Stack.of(this), cluster: cluster.name, nodeRole: machines, queue });
    const policies = Object.entries(rights).map(
      ([name, statements]) => new ManagedPolicy(this, name, { roles: [controllerRole], statements: [...statements] }),
    );
    for (const policy of policies) {
      unnamedResources(
        policy,
        rights[policy.node.id as keyof typeof rights],
        'what is bought has no name before it is there: tags that only this cluster sets hold it instead',
      );
      if (policy.node.id !== 'Discovery') continue;
      exempt(policy, {
        because:
          'the actions that list machines, prices and instance profiles know no resource; they read and change nothing',
        policies: ['rights-least'],
      });
    }
    const rules = Object.entries(EVENTS).map(
      ([name, [source, detailType]]) =>
        new Rule(this, name, {
          description: `${detailType}, for Karpenter of ${cluster.name}`,
          eventPattern: { source: [source], detailType: [detailType] },
          targets: [new SqsQueue(queue)],
        }),
    );
    this.handover = { role: Binding.of(machines.roleName), discovery: Binding.of(cluster.network.discovery) };
    this.interruptionQueue = Binding.of(queue.queueName);
    this.nodes = {
      controllerRole,
      nodeRole: machines,
      association: new CfnPodIdentityAssociation(this, 'Association', {
        clusterName: cluster.nodes.cluster.ref,
        ...account,
        roleArn: controllerRole.roleArn,
      }),
      nodeAccess: new CfnAccessEntry(this, 'NodeAccess', {
        clusterName: cluster.nodes.cluster.ref,
        principalArn: machines.roleArn,
        type: 'EC2_LINUX',
      }),
      queue,
      rules,
      policies,
    };
  }
}
