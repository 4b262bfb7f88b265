import type { TemplatePolicy } from '../policy.ts';
import { at, type TemplateResource } from '../template.ts';

type Check = (resource: TemplateResource) => readonly (string | false)[];

const KEY = 'has no key of its own at rest';

const CHECKS: Readonly<Record<string, Check>> = {
  'AWS::APS::Workspace': (workspace) => [at(workspace, 'KmsKeyArn') === undefined && KEY],
  'AWS::AmazonMQ::Broker': (broker) => [at(broker, 'EncryptionOptions.KmsKeyId') === undefined && KEY],
  'AWS::ECR::Repository': (repository) => [at(repository, 'EncryptionConfiguration.EncryptionType') !== 'KMS' && KEY],
  'AWS::ElastiCache::ReplicationGroup': (cache) => [
    at(cache, 'AtRestEncryptionEnabled') !== true && 'is not encrypted at rest',
    at(cache, 'KmsKeyId') === undefined && KEY,
    at(cache, 'TransitEncryptionEnabled') !== true && 'is not encrypted in transit',
    at(cache, 'TransitEncryptionMode') === 'preferred' && 'takes clients without TLS too',
  ],
  'AWS::ElastiCache::ServerlessCache': (cache) => [at(cache, 'KmsKeyId') === undefined && KEY],
  'AWS::KMS::Key': (key) => [at(key, 'EnableKeyRotation') !== true && 'is never rotated'],
  'AWS::RDS::DBCluster': (cluster) => [
    at(cluster, 'StorageEncrypted') !== true && 'is not encrypted at rest',
    at(cluster, 'KmsKeyId') === undefined && KEY,
  ],
  'AWS::S3::Bucket': (bucket) => [at(bucket, 'BucketEncryption') === undefined && 'does not say how it is encrypted'],
  'AWS::SNS::Topic': (topic) => [at(topic, 'KmsMasterKeyId') === undefined && KEY],
  'AWS::SQS::Queue': (queue) => [
    at(queue, 'SqsManagedSseEnabled') !== true &&
      at(queue, 'KmsMasterKeyId') === undefined &&
      'is not encrypted at rest',
  ],
  'AWS::SecretsManager::Secret': (secret) => [at(secret, 'KmsKeyId') === undefined && KEY],
};

/** What is encrypted by a key of the service is open to every right in the account; a key of ours has a policy. */
export const dataEncrypted: TemplatePolicy = {
  id: 'data-encrypted',
  rules: [17],
  source: 'AWS Security Hub (RDS, ElastiCache, Amazon MQ controls), trivy',
  reason: 'a disk, a snapshot or a connection that somebody gets hold of is read as it is',
  types: Object.keys(CHECKS),
  check: (resource) => CHECKS[resource.Type]?.(resource) ?? [],
};
