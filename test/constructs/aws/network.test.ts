import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { ExistingNetwork } from '../../../constructs/aws/cluster-network.ts';
import { Network, type NetworkProps } from '../../../constructs/aws/network.ts';

const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] as const;

function templateOf(props: Partial<NetworkProps> = {}): Template {
  const stack = new Stack(new App(), 'test');
  new Network(stack, 'Network', { discovery: 'prod', zones: ZONES, ...props });
  return Template.fromStack(stack);
}

const tag = (key: string, value: string) => Match.objectLike({ Tags: Match.arrayWith([{ Key: key, Value: value }]) });

describe('a network', () => {
  const template = templateOf();

  test('has a subnet for nodes, for data and for the edge in each of three zones, whatever the stack knows of its account', () => {
    const subnets = Object.values(template.findResources('AWS::EC2::Subnet'));
    const zones = subnets.map(({ Properties }) => Properties.AvailabilityZone as string);
    expect(zones.toSorted()).toEqual(ZONES.flatMap((zone) => [zone, zone, zone]));
  });

  test('gives nothing a public address unasked', () => {
    template.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  test('lets Karpenter find the subnets and the group of nodes, and load balancers theirs', () => {
    const subnets = (properties: unknown) =>
      Object.keys(template.findResources('AWS::EC2::Subnet', { Properties: properties })).length;
    expect(subnets(tag('karpenter.sh/discovery', 'prod'))).toBe(3);
    expect(subnets(tag('kubernetes.io/role/internal-elb', '1'))).toBe(3);
    expect(subnets(tag('kubernetes.io/role/elb', '1'))).toBe(3);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', tag('karpenter.sh/discovery', 'prod'));
  });

  test('has a NAT gateway in each zone, or one where that was chosen', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 3);
    templateOf({ egress: 'one-nat' }).resourceCountIs('AWS::EC2::NatGateway', 1);
  });

  test('reaches AWS without leaving, and only nodes reach its endpoints', () => {
    const endpoints = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(
      ({ Properties }) => Properties,
    );
    expect(endpoints.filter(({ VpcEndpointType }) => VpcEndpointType === 'Gateway')).toHaveLength(2);
    const interfaces = endpoints.filter(({ VpcEndpointType }) => VpcEndpointType === 'Interface');
    expect(interfaces).toHaveLength(14);
    expect(interfaces.every(({ PrivateDnsEnabled }) => PrivateDnsEnabled)).toBe(true);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('NodeSecurityGroup'), 'GroupId'] },
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('EndpointSecurityGroup'), 'GroupId'] },
      FromPort: 443,
      ToPort: 443,
    });
  });

  test('has the endpoints that were asked for, and no more', () => {
    const few = templateOf({ endpoints: ['sts'] }).findResources('AWS::EC2::VPCEndpoint', {
      Properties: { VpcEndpointType: 'Interface' },
    });
    expect(Object.keys(few)).toHaveLength(1);
  });

  test('keeps its flow logs for a year under a key that serves this log group alone', () => {
    template.hasResourceProperties('AWS::EC2::FlowLog', { ResourceType: 'VPC', TrafficType: 'ALL' });
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/penstock/prod/flow', RetentionInDays: 365, KmsKeyId: Match.anyValue() },
      DeletionPolicy: 'Retain',
    });
    const arn = Match.objectLike({ 'Fn::Join': ['', Match.arrayWith([':log-group:/penstock/prod/flow'])] });
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: Match.objectLike({
        Statement: Match.arrayWith([
          Match.objectLike({ Condition: { ArnEquals: { 'kms:EncryptionContext:aws:logs:arn': arn } } }),
        ]),
      }),
    });
  });

  test('closes the default security group, and opens none to the world', () => {
    template.resourceCountIs('Custom::VpcRestrictDefaultSG', 1);
    expect(JSON.stringify(template.findResources('AWS::EC2::SecurityGroupIngress'))).not.toContain('0.0.0.0/0');
    for (const { Properties } of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
      expect(JSON.stringify(Properties.SecurityGroupIngress ?? [])).not.toContain('0.0.0.0/0');
    }
  });

  test('lets the fabric between nodes through by the group itself, which is all that an adapter takes', () => {
    const group = { 'Fn::GetAtt': [Match.stringLikeRegexp('NodeSecurityGroup'), 'GroupId'] };
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      GroupId: group,
      DestinationSecurityGroupId: group,
      IpProtocol: '-1',
    });
  });
});

describe('a network that was there before', () => {
  const vpcOf = (stack: Stack, zones: readonly string[]) =>
    Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: [...zones],
      privateSubnetIds: zones.map((zone) => `subnet-${zone}`),
    });

  test('gets the security group of the nodes and nothing else', () => {
    const stack = new Stack(new App(), 'test');
    const vpc = vpcOf(stack, ZONES);
    const network = new ExistingNetwork(stack, 'Network', { vpc, nodeSubnets: vpc.privateSubnets, discovery: 'prod' });
    expect(network.dataSubnets).toBe(network.nodeSubnets);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      VpcId: 'vpc-1',
      Tags: Match.arrayWith([{ Key: 'karpenter.sh/discovery', Value: 'prod' }]),
    });
    template.resourceCountIs('AWS::EC2::Subnet', 0);
  });

  test('rejects subnets in two zones', () => {
    const stack = new Stack(new App(), 'test');
    const vpc = vpcOf(stack, ZONES.slice(0, 2));
    expect(
      () => new ExistingNetwork(stack, 'Network', { vpc, nodeSubnets: vpc.privateSubnets, discovery: 'prod' }),
    ).toThrow(/node subnets: lie in 2 zones.*\[durability-unavailable\]/);
  });
});
