import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { type CloudFormationTemplate, checkTemplates } from '../../constructs/policies/aws/index.ts';
import { awsForeignApp } from './aws-foreign-app.ts';

const template = Template.fromStack(awsForeignApp());
const NODES = 'sg-0a1b2c3d';

describe('the app of a team that has a network and a cluster', () => {
  test('makes neither of them anew', () => {
    for (const type of ['AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EKS::Cluster', 'AWS::EKS::Addon'])
      template.resourceCountIs(type, 0);
  });

  test('adds GPU machines to the cluster by its name, in its subnets and in its group', () => {
    template.hasResource('AWS::EKS::Nodegroup', {
      DependsOn: Match.absent(),
      Properties: {
        ClusterName: 'research',
        Subnets: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b', 'subnet-0c0c0c0c'],
        CapacityType: 'SPOT',
        InstanceTypes: ['g6.xlarge', 'g6.2xlarge'],
        ScalingConfig: { MinSize: 0, DesiredSize: 0, MaxSize: 8 },
        Taints: [{ Key: 'nvidia.com/gpu', Effect: 'NO_SCHEDULE' }],
        Tags: Match.objectLike({ 'k8s.io/cluster-autoscaler/research': 'owned' }),
      },
    });
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({ SecurityGroupIds: [NODES] }),
    });
  });

  test('lets the nodes that are there into Kafka, and nobody else', () => {
    template.allResourcesProperties('AWS::EC2::SecurityGroupIngress', { SourceSecurityGroupId: NODES, FromPort: 9098 });
    template.hasResourceProperties('AWS::MSK::Cluster', {
      BrokerNodeGroupInfo: Match.objectLike({
        ClientSubnets: ['subnet-0a0a0a0a', 'subnet-0b0b0b0b', 'subnet-0c0c0c0c'],
      }),
    });
  });

  test('hands the brokers to the API in the cluster, when Kafka is there to be asked', () => {
    const objects = Object.values(template.findResources('Custom::AWSCDK-EKS-KubernetesResource'));
    const late = objects.flatMap(({ Properties }) => Properties.Manifest['Fn::Join']?.[1] ?? []);
    const [bootstrap] = Object.keys(template.findResources('Custom::MskBootstrapBrokers'));
    expect(late).toContainEqual({ 'Fn::GetAtt': [bootstrap, 'BootstrapBrokerStringSaslIam'] });
    for (const { Properties } of objects) expect(Properties).toMatchObject({ ClusterName: 'research' });
  });

  test('breaks no policy', () => {
    expect(checkTemplates({ search: template.toJSON() as CloudFormationTemplate })).toEqual([]);
  });

  test('is thirty lines of code', () => {
    const source = readFileSync(join(import.meta.dirname, 'aws-foreign-app.ts'), 'utf8');
    const [, body = ''] = source.split('export function awsForeignApp');
    expect(body.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
  });
});
