import type { Json } from '../mutant.ts';

const TLS_ONLY = {
  Type: 'AWS::S3::BucketPolicy',
  Properties: {
    Bucket: { Ref: 'It' },
    PolicyDocument: { Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }] },
  },
};
const CLOSED = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
const KEPT = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };

const BUCKET = {
  It: {
    Type: 'AWS::S3::Bucket',
    ...KEPT,
    Properties: { PublicAccessBlockConfiguration: CLOSED, BucketEncryption: {} },
  },
  Only: TLS_ONLY,
};
const LOGS = { It: { Type: 'AWS::Logs::LogGroup', Properties: { KmsKeyId: 'key', RetentionInDays: 30 } } };
const IMAGES = {
  It: {
    Type: 'AWS::ECR::Repository',
    ...KEPT,
    Properties: {
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
      EncryptionConfiguration: { EncryptionType: 'KMS' },
    },
  },
};
export const MODEL = {
  It: { Type: 'AWS::SageMaker::Model', Properties: { EnableNetworkIsolation: true, VpcConfig: {} } },
};
const CACHE = {
  It: {
    Type: 'AWS::ElastiCache::ReplicationGroup',
    ...KEPT,
    Properties: {
      AutomaticFailoverEnabled: true,
      MultiAZEnabled: true,
      SnapshotRetentionLimit: 7,
      UserGroupIds: ['users'],
      AtRestEncryptionEnabled: true,
      TransitEncryptionEnabled: true,
      KmsKeyId: 'key',
    },
  },
};
const SERVERLESS_CACHE = {
  It: {
    Type: 'AWS::ElastiCache::ServerlessCache',
    ...KEPT,
    Properties: { UserGroupId: 'users', SnapshotRetentionLimit: 7, KmsKeyId: 'key' },
  },
};
const CLUSTER = {
  It: {
    Type: 'AWS::EKS::Cluster',
    Properties: {
      DeletionProtection: true,
      UpgradePolicy: { SupportType: 'STANDARD' },
      Version: '1.36',
      AccessConfig: { AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false },
      EncryptionConfig: [{ Resources: ['secrets'], Provider: { KeyArn: 'key' } }],
      Logging: {
        ClusterLogging: {
          EnabledTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'].map((Type) => ({ Type })),
        },
      },
      ResourcesVpcConfig: { EndpointPublicAccess: false, SubnetIds: ['a', 'b', 'c'] },
    },
  },
};
const ACCOUNT = { Type: 'AWS::EKS::PodIdentityAssociation', Properties: { ServiceAccount: 'api', RoleArn: 'role-1' } };
const ACCOUNTS = { It: ACCOUNT, Other: { ...ACCOUNT, Properties: { ServiceAccount: 'rank', RoleArn: 'role-2' } } };
const ROLE = {
  It: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' } }] },
    },
  },
};
const QUEUE = { It: { Type: 'AWS::SQS::Queue', Properties: { SqsManagedSseEnabled: true } } };
const GROUP = { It: { Type: 'AWS::EKS::Nodegroup', Properties: { LaunchTemplate: { Id: 'lt-1' } } } };
const INSTANCE = { It: { Type: 'AWS::RDS::DBInstance', Properties: { PubliclyAccessible: false } } };
const LOGGED = { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:eu-central-1:1:log-group:flow' };
const KEY = {
  It: {
    Type: 'AWS::KMS::Key',
    ...KEPT,
    Properties: {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: [
          { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::1:root' } },
          { Effect: 'Allow', Principal: { Service: 'logs' }, Condition: { ArnEquals: LOGGED } },
        ],
      },
    },
  },
};
const USER = {
  It: {
    Type: 'AWS::ElastiCache::User',
    Properties: { AuthenticationMode: { Type: 'iam' }, AccessString: 'on ~web:* +@read' },
  },
};
const SERVERLESS = {
  It: {
    Type: 'AWS::MSK::ServerlessCluster',
    ...KEPT,
    Properties: { ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } },
  },
};
const BLOCK = 'PublicAccessBlockConfiguration';
const TRUST = 'AssumeRolePolicyDocument.Statement';

type Resources = Readonly<Record<string, object>>;

/** The policy, a template that holds it, and one property of `It` (or the whole of another resource) that breaks it. */
export const MINIMAL_CASES: readonly (readonly [
  policy: string,
  good: Resources,
  path: string,
  value: Json,
  message: RegExp,
])[] = [
  ...Object.keys(CLOSED).map(
    (block) => ['bucket-private', BUCKET, `${BLOCK}.${block}`, false, new RegExp(`public \\(${block}\\)`)] as const,
  ),
  ['bucket-private', BUCKET, BLOCK, undefined, /may be made public/],
  ['bucket-private', BUCKET, '/Only', undefined, /without TLS/],
  ['logs-kept', LOGS, 'KmsKeyId', undefined, /no key/],
  ['logs-kept', LOGS, 'RetentionInDays', undefined, /for ever/],
  ['image-fixed', IMAGES, 'ImageTagMutability', 'MUTABLE', /move/],
  ['image-fixed', IMAGES, 'ImageTagMutability', undefined, /move/],
  ['image-fixed', IMAGES, 'ImageScanningConfiguration.ScanOnPush', false, /looks at no image/],
  ['model-isolated', MODEL, 'EnableNetworkIsolation', false, /way out/],
  ['model-isolated', MODEL, 'VpcConfig', undefined, /way out/],
  ['cache-available', CACHE, 'AutomaticFailoverEnabled', false, /takes over/],
  ['cache-available', CACHE, 'MultiAZEnabled', undefined, /one zone/],
  ['cache-available', CACHE, 'SnapshotRetentionLimit', 0, /no snapshot/],
  ['cache-available', CACHE, 'UserGroupIds', undefined, /no users/],
  ['cache-available', SERVERLESS_CACHE, 'UserGroupId', undefined, /no users/],
  ['cache-available', SERVERLESS_CACHE, 'SnapshotRetentionLimit', undefined, /no snapshot/],
  ['eks-kept', CLUSTER, 'DeletionProtection', undefined, /one call/],
  ['eks-kept', CLUSTER, 'UpgradePolicy', undefined, /extended support/],
  ['identity-own', ACCOUNTS, 'ServiceAccount', 'default', /names none/],
  ['identity-own', ACCOUNTS, 'RoleArn', 'role-2', /shares its role/],
  ['role-trusted', ROLE, `${TRUST}.0.Principal`, '*', /everybody/],
  ['role-trusted', ROLE, `${TRUST}.0.Principal`, { AWS: '*' }, /everybody/],
  ['key-scoped', KEY, 'KeyPolicy.Statement.1.Condition', undefined, /expected a condition/],
  ['key-scoped', KEY, 'KeyPolicy.Statement.0.Principal', '*', /expected a condition/],
  ['cache-available', USER, 'AuthenticationMode.Type', 'no-password-required', /expected IAM/],
  ['cache-available', USER, 'AccessString', 'on ~* +@all', /everybody/],
  ['kafka-encrypted', SERVERLESS, 'ClientAuthentication.Sasl.Iam.Enabled', false, /by a name/],
  ['data-encrypted', QUEUE, 'SqsManagedSseEnabled', false, /not encrypted/],
  ['machine-hardened', GROUP, 'LaunchTemplate', undefined, /no template/],
  ['database-protected', INSTANCE, 'PubliclyAccessible', true, /public/],
  ['database-protected', INSTANCE, 'PubliclyAccessible', undefined, /public/],
];
