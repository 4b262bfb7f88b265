import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AutoscalerAccess } from '../../../constructs/aws/autoscaler-access.ts';
import { clusterStack } from './cluster-stack.ts';

describe('what Cluster Autoscaler may do', () => {
  const { stack, cluster } = clusterStack();
  new AutoscalerAccess(stack, 'Autoscaler', { cluster });
  const template = Template.fromStack(stack);

  test('is to change the size of groups that are tagged as this cluster, and of no others', () => {
    template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
            Resource: Match.anyValue(),
            Condition: { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${cluster.name}`]: 'owned' } },
          },
        ]),
      },
    });
  });

  test('is to read what a group without a machine will be, of this cluster alone', () => {
    const policies = Object.values(template.findResources('AWS::IAM::ManagedPolicy'));
    const statements = policies.flatMap(
      (policy) =>
        (policy as { Properties: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } } })
          .Properties.PolicyDocument.Statement,
    );
    const [group] = statements.filter(({ Action }) => Action === 'eks:DescribeNodegroup');
    expect(JSON.stringify(group?.Resource)).toContain(`:nodegroup/${cluster.name}/*/*`);
    const everything = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect(everything.every((action) => /:(Describe|Get)/.test(String(action)))).toBe(true);
  });

  test('belongs to its own account and to no other', () => {
    template.hasResourceProperties('AWS::EKS::PodIdentityAssociation', {
      Namespace: 'kube-system',
      ServiceAccount: 'cluster-autoscaler',
    });
  });
});
