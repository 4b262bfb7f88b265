import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ADDONS_1_36 } from '../../../constructs/aws/eks-addons.ts';
import { EksCluster, type EksClusterProps, type EksMode } from '../../../constructs/aws/eks-cluster.ts';
import { Binding } from '../../../constructs/binding.ts';
import { clusterStack } from './cluster-stack.ts';

const templateOf = <Mode extends EksMode = 'nodes'>(props: Partial<EksClusterProps<Mode>> = {}): Template =>
  Template.fromStack(clusterStack(props).stack);
const CLUSTER = 'AWS::EKS::Cluster';

describe('a cluster', () => {
  const template = templateOf();

  test('is reached from inside only', () => {
    template.hasResourceProperties(CLUSTER, {
      ResourcesVpcConfig: {
        EndpointPrivateAccess: true,
        EndpointPublicAccess: false,
        PublicAccessCidrs: Match.absent(),
      },
    });
  });

  test('is reached from stated ranges where that was asked for', () => {
    templateOf({ endpoint: { kind: 'public', from: ['203.0.113.0/24'] } }).hasResourceProperties(CLUSTER, {
      ResourcesVpcConfig: {
        EndpointPrivateAccess: true,
        EndpointPublicAccess: true,
        PublicAccessCidrs: ['203.0.113.0/24'],
      },
    });
  });

  test.each(['0.0.0.0/0', '0.0.0.0/1', '::/0', 'office', '203.0.113.0/33'])(
    'rejects an endpoint open to %s',
    (range) => {
      expect(() => clusterStack({ endpoint: { kind: 'public', from: [range] } })).toThrow(/\[exposed-to-all\]/);
    },
  );

  test('rejects a network of two zones, whoever made it', () => {
    const { stack, network } = clusterStack();
    const narrow = { ...network, nodeSubnets: network.nodeSubnets.slice(0, 2) };
    expect(
      () =>
        new EksCluster(stack, 'Narrow', {
          name: 'narrow',
          network: narrow,
          compute: { mode: 'nodes', version: '1.36' },
          access: { admins: [Binding.of('arn:aws:iam::123456789012:role/platform')] },
        }),
    ).toThrow(/lie in 2 zones, expected 3.*\[durability-unavailable\]/);
  });

  test('rejects a name that Kubernetes tools cannot carry', () => {
    expect(() => clusterStack({ name: 'Prod_1' })).toThrow(/\[name-malformed\]/);
  });

  test('logs all that its control plane logs, to a group that is kept and encrypted before there is a cluster', () => {
    template.hasResource(CLUSTER, {
      Properties: {
        Logging: {
          ClusterLogging: {
            EnabledTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'].map((Type) => ({ Type })),
          },
        },
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('EksLogsLogGroup')]),
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/eks/prod/cluster',
      KmsKeyId: Match.anyValue(),
    });
  });

  test('encrypts secrets by a key of its own that turns and outlives it', () => {
    template.hasResourceProperties(CLUSTER, {
      EncryptionConfig: [
        {
          Resources: ['secrets'],
          Provider: { KeyArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('SecretsKey'), 'Arn'] } },
        },
      ],
    });
    template.hasResource('AWS::KMS::Key', {
      Properties: { Description: 'Secrets of cluster prod', EnableKeyRotation: true },
      DeletionPolicy: 'Retain',
    });
  });

  test('knows nobody but those who were stated: not who made it', () => {
    template.hasResourceProperties(CLUSTER, {
      AccessConfig: { AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false },
    });
    const access = templateOf({
      access: {
        admins: [Binding.of('arn:aws:iam::123456789012:role/platform')],
        others: {
          search: { principal: Binding.of('arn:aws:iam::123456789012:role/s'), policy: 'view', namespaces: ['search'] },
        },
      },
    });
    access.resourceCountIs('AWS::EKS::AccessEntry', 2);
    access.hasResourceProperties('AWS::EKS::AccessEntry', {
      PrincipalArn: 'arn:aws:iam::123456789012:role/s',
      AccessPolicies: [{ AccessScope: { Type: 'namespace', Namespaces: ['search'] } }],
    });
  });

  test('cannot be deleted by mistake, nor run into extended support by oversight', () => {
    template.hasResourceProperties(CLUSTER, {
      DeletionProtection: true,
      UpgradePolicy: { SupportType: 'STANDARD' },
      Version: '1.36',
    });
  });

  test('has versioned add-ons; those that need no node come before the nodes, the others after', () => {
    const addons = Object.values(template.findResources('AWS::EKS::Addon'));
    for (const { Properties, DependsOn } of addons) {
      const { AddonName, AddonVersion } = Properties as { AddonName: keyof typeof ADDONS_1_36; AddonVersion: string };
      expect(AddonVersion).toBe(ADDONS_1_36[AddonName]);
      const waits = ((DependsOn ?? []) as string[]).some((id) => id.includes('Nodegroup'));
      expect([AddonName, waits]).toEqual([AddonName, ['coredns', 'aws-ebs-csi-driver'].includes(AddonName)]);
    }
    expect(addons).toHaveLength(5);
    template.hasResource('AWS::EKS::Nodegroup', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('Addonvpccni')]),
    });
  });

  test('gives out addresses by prefixes and refuses what network policies do not allow', () => {
    template.hasResourceProperties('AWS::EKS::Addon', {
      AddonName: 'vpc-cni',
      ConfigurationValues: Match.serializedJson({
        enableNetworkPolicy: 'true',
        env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
      }),
      PodIdentityAssociations: [{ ServiceAccount: 'aws-node', RoleArn: Match.anyValue() }],
    });
  });

  test('has no function with rights in it', () => {
    expect(Object.keys(template.findResources('AWS::Lambda::Function'))).toEqual([
      expect.stringMatching(/VpcRestrictDefaultSG/),
    ]);
  });
});

describe('the system nodes', () => {
  const template = templateOf();

  test('want a token for their metadata, do not pass it on, and encrypt their disks', () => {
    template.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [
          { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 4 } },
          { DeviceName: '/dev/xvdb', Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 50 } },
        ],
        SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('NodeSecurityGroup'), 'GroupId'] }],
      },
    });
  });

  test('are one in each zone at least, scaled by whoever scales them', () => {
    template.hasResourceProperties('AWS::EKS::Nodegroup', {
      AmiType: 'BOTTLEROCKET_x86_64',
      ScalingConfig: { MinSize: 3, MaxSize: 6, DesiredSize: Match.absent() },
      Subnets: [Match.anyValue(), Match.anyValue(), Match.anyValue()],
    });
  });

  test('talk with the control plane, which is in another group', () => {
    const controlPlane = { 'Fn::GetAtt': [Match.stringLikeRegexp('EksCluster'), 'ClusterSecurityGroupId'] };
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: controlPlane,
      FromPort: 443,
      ToPort: 443,
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      SourceSecurityGroupId: controlPlane,
      FromPort: 1025,
      ToPort: 65535,
    });
  });

  test('rejects fewer than one a zone', () => {
    expect(() => clusterStack({ compute: { mode: 'nodes', version: '1.36', system: { minimum: 2 } } })).toThrow(
      /expected one in each of 3 zones.*\[durability-unavailable\]/,
    );
  });
});

describe('a cluster of EKS Auto Mode', () => {
  const template = templateOf({ compute: { mode: 'auto', version: '1.36' } });

  test('has compute, storage and load balancing together, which EKS takes all or none of', () => {
    template.hasResourceProperties(CLUSTER, {
      // Machines of the pools that EKS has ready would be let in nowhere: they are not in the group of the nodes.
      ComputeConfig: { Enabled: true, NodePools: Match.absent(), NodeRoleArn: Match.absent() },
      KubernetesNetworkConfig: { ElasticLoadBalancing: { Enabled: true } },
      StorageConfig: { BlockStorage: { Enabled: true } },
      BootstrapSelfManagedAddons: false,
    });
    template.resourceCountIs('AWS::EKS::Addon', 0);
    template.resourceCountIs('AWS::EKS::Nodegroup', 0);
  });

  test('lets in machines of classes of ours', () => {
    template.hasResourceProperties('AWS::EKS::AccessEntry', {
      Type: 'EC2',
      PrincipalArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('AutoNodeRole'), 'Arn'] },
    });
  });

  test('may tag its sessions, as Auto Mode does', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      Description: 'Control plane of prod',
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([Match.objectLike({ Action: 'sts:TagSession' })]),
      }),
    });
  });
});
