// One thing wrong each: policy, type of the resource, path in it, what stands there, what is said of it.

const EKS = 'AWS::EKS::Cluster';
const LAUNCH = 'AWS::EC2::LaunchTemplate';
const ACCESS = 'Properties.ResourcesVpcConfig';

export const CLUSTER_CASES = [
  ['eks-endpoint-private', EKS, `${ACCESS}.EndpointPublicAccess`, true, /open to everybody/],
  ['eks-endpoint-private', EKS, `${ACCESS}.EndpointPublicAccess`, undefined, /open to everybody/],
  ['eks-logged', EKS, 'Properties.Logging.ClusterLogging.EnabledTypes', [{ Type: 'api' }], /does not log audit, auth/],
  ['eks-logged', EKS, 'Properties.Logging', undefined, /does not log api/],
  ['eks-secrets-encrypted', EKS, 'Properties.EncryptionConfig', undefined, /no key of ours/],
  ['eks-access-entries', EKS, 'Properties.AccessConfig.AuthenticationMode', 'API_AND_CONFIG_MAP', /ConfigMap/],
  ['eks-access-entries', EKS, 'Properties.AccessConfig.BootstrapClusterCreatorAdminPermissions', undefined, /for ever/],
  ['eks-versions-pinned', EKS, 'Properties.Version', undefined, /no version of Kubernetes/],
  ['eks-versions-pinned', 'AWS::EKS::Addon', 'Properties.AddonVersion', undefined, /no version of the add-on/],
  ['network-resilient', 'AWS::EC2::Subnet', 'Properties.MapPublicIpOnLaunch', true, /public address/],
  ['network-resilient', EKS, `${ACCESS}.SubnetIds`, ['subnet-1', 'subnet-2'], /fewer than three/],
  ['network-resilient', EKS, `${ACCESS}.SubnetIds`, ['subnet-1', 'subnet-2', 'subnet-1'], /fewer than three zones/],
  ['network-resilient', 'AWS::EC2::FlowLog', 'Properties.ResourceId', 'vpc-other', /no flow log/],
  ['network-resilient', 'AWS::EC2::FlowLog', 'Properties.TrafficType', 'REJECT', /no flow log/],
  ['cni-prefixes', 'AWS::EKS::Addon', 'Properties.ConfigurationValues', '{}', /one by one/],
  ['machine-hardened', LAUNCH, 'Properties.LaunchTemplateData.MetadataOptions.HttpTokens', 'optional', /IMDSv2/],
  [
    'machine-hardened',
    LAUNCH,
    'Properties.LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit',
    2,
    /hop limit 1/,
  ],
  ['machine-hardened', LAUNCH, 'Properties.LaunchTemplateData.BlockDeviceMappings', undefined, /states no disk/],
  [
    'machine-hardened',
    LAUNCH,
    'Properties.LaunchTemplateData.BlockDeviceMappings',
    [{ Ebs: { VolumeType: 'gp3' } }],
    /not encrypted/,
  ],
  [
    'machine-hardened',
    LAUNCH,
    'Properties.LaunchTemplateData.NetworkInterfaces',
    [{ AssociatePublicIpAddress: true }],
    /public address/,
  ],
  [
    'pod-trust-scoped',
    'AWS::IAM::Role',
    'Properties.AssumeRolePolicyDocument.Statement',
    [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'pods.eks.amazonaws.com' } }],
    /no aws:SourceArn/,
  ],
  ['interruption-heard', 'AWS::Events::Rule', 'Properties.Targets', [], /no interruption/],
] as const;
