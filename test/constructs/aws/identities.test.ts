import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { KarpenterAccess } from '../../../constructs/aws/karpenter-access.ts';
import { WorkloadGrant } from '../../../constructs/aws/workload-grant.ts';
import { WorkloadIdentity } from '../../../constructs/aws/workload-identity.ts';
import { Binding } from '../../../constructs/binding.ts';
import { clusterStack } from './cluster-stack.ts';

const MSK = 'arn:aws:kafka:eu-central-1:123456789012:cluster/shop/11111111-2222-3333-4444-555555555555-1';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

describe('the identity of a workload', () => {
  const { stack, cluster } = clusterStack();
  const bucket = new Bucket(stack, 'Weights', { encryption: BucketEncryption.S3_MANAGED });
  new WorkloadIdentity(stack, 'Reranker', {
    cluster,
    namespace: 'search',
    serviceAccount: 'reranker',
    grants: [
      WorkloadGrant.readWeights(bucket, 'bge-m3/5617a9f/'),
      WorkloadGrant.consumeTopic({ cluster: Binding.of(MSK), topic: 'orders', group: 'billing' }),
      WorkloadGrant.produceTopic({ cluster: Binding.of(MSK), topic: 'scores' }),
      WorkloadGrant.readSecret(new Secret(stack, 'Token')),
      WorkloadGrant.consumeQueue(new Queue(stack, 'Jobs')),
    ],
  });
  const template = Template.fromStack(stack);
  const [rights] = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) =>
    id.startsWith('Reranker'),
  );
  const statements = rights?.[1].Properties.PolicyDocument.Statement as readonly Statement[];

  const trusted = (action: string) =>
    Match.objectLike({
      Action: action,
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Condition: {
        StringEquals: {
          'aws:SourceAccount': { Ref: 'AWS::AccountId' },
          'aws:RequestTag/kubernetes-namespace': 'search',
          'aws:RequestTag/kubernetes-service-account': 'reranker',
        },
        ArnEquals: { 'aws:SourceArn': Match.anyValue() },
      },
    });

  test('is for one account of one namespace of one cluster in this AWS account, and for no other', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({ Statement: [trusted('sts:AssumeRole'), trusted('sts:TagSession')] }),
    });
    template.hasResourceProperties('AWS::EKS::PodIdentityAssociation', {
      Namespace: 'search',
      ServiceAccount: 'reranker',
    });
  });

  test('reads the weights of one revision, and lists no others', () => {
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 's3:GetObject',
        Resource: { 'Fn::Join': ['', [expect.anything(), '/bge-m3/5617a9f/*']] },
      }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 's3:ListBucket',
        Condition: { StringLike: { 's3:prefix': ['bge-m3/5617a9f/*'] } },
      }),
    );
  });

  test('reads one topic as one group, and writes another without making it', () => {
    const base = MSK.split(':cluster/');
    const topic = (name: string) => `${base[0]}:topic/${base[1]}/${name}`;
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      Resource: topic('orders'),
    });
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
      Resource: `${base[0]}:group/${base[1]}/billing`,
    });
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
      Resource: topic('scores'),
    });
    expect(JSON.stringify(statements)).not.toContain('CreateTopic');
  });

  test('has no action and no resource by a wildcard alone', () => {
    for (const { Action, Resource } of statements) {
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
      expect([Resource].flat()).not.toContain('*');
    }
  });

  test('rejects the account that every pod has that names none', () => {
    const inner = clusterStack();
    expect(
      () =>
        new WorkloadIdentity(inner.stack, 'Any', {
          cluster: inner.cluster,
          namespace: 'search',
          serviceAccount: 'default',
          grants: [WorkloadGrant.consumeTopic({ cluster: Binding.of(MSK), topic: 'orders', group: 'billing' })],
        }),
    ).toThrow(/\[reference-missing\]/);
  });
});

describe('what Karpenter needs outside the cluster', () => {
  const { stack, cluster } = clusterStack();
  const access = new KarpenterAccess(stack, 'Karpenter', { cluster });
  const template = Template.fromStack(stack);
  const policies = Object.values(template.findResources('AWS::IAM::ManagedPolicy')).map(
    ({ Properties }) => Properties.PolicyDocument.Statement as readonly Statement[],
  );
  const statements = policies.flat();

  test('is a queue that hears of all that happens to machines, before it happens', () => {
    const heard = Object.values(template.findResources('AWS::Events::Rule')).map(
      ({ Properties }) => Properties.EventPattern['detail-type'][0] as string,
    );
    expect(heard.toSorted()).toEqual([
      'AWS Health Event',
      'EC2 Capacity Reservation Instance Interruption Warning',
      'EC2 Instance Rebalance Recommendation',
      'EC2 Instance State-change Notification',
      'EC2 Spot Instance Interruption Warning',
    ]);
    template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 300, SqsManagedSseEnabled: true });
  });

  test('is a controller that changes and deletes only what it made for this cluster', () => {
    const writing = statements.filter(({ Action }) =>
      [Action].flat().some((action) => /^(ec2|iam):(Terminate|Delete|Create(?!Fleet)|Tag|Add|Remove)/.test(action)),
    );
    expect(writing.length).toBeGreaterThan(6);
    for (const { Condition } of writing)
      expect(JSON.stringify(Condition)).toContain('kubernetes.io/cluster/prod":"owned"');
  });

  test('is a controller that gives machines one role, and to machines only', () => {
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/KarpenterNodeRole/), 'Arn'] },
      Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    });
  });

  test('asks on everything for nothing but lists and prices', () => {
    const everywhere = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => [Action].flat());
    expect(everywhere.filter((action) => !/:(Describe|List|Get)/.test(action))).toEqual([]);
  });

  test('fits into policies of IAM, which hold 6,144 characters without blanks each', () => {
    for (const policy of policies) expect(JSON.stringify(policy).length).toBeLessThan(6_144);
  });

  test('lets its machines join, and is handed over to the pools in the cluster', () => {
    template.hasResourceProperties('AWS::EKS::AccessEntry', { Type: 'EC2_LINUX' });
    expect(access.handover.discovery.lower()).toBe('prod');
    expect(stack.resolve(access.handover.role.lower())).toEqual({ Ref: expect.stringMatching(/KarpenterNodeRole/) });
  });
});
