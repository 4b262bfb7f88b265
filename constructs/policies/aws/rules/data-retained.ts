import type { TemplatePolicy } from '../policy.ts';

const KEPT = ['Retain', 'Snapshot'];

/** What is gone when CloudFormation deletes it or makes another in its place. */
const STATEFUL = [
  'AWS::APS::Workspace',
  'AWS::AmazonMQ::Broker',
  'AWS::ECR::Repository',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::ElastiCache::ServerlessCache',
  'AWS::Grafana::Workspace',
  'AWS::KMS::Key',
  'AWS::MSK::Cluster',
  'AWS::MSK::ServerlessCluster',
  'AWS::MSK::Topic',
  'AWS::RDS::DBCluster',
  'AWS::S3::Bucket',
  'AWS::SecretsManager::Secret',
];

export const dataRetained: TemplatePolicy = {
  id: 'data-retained',
  rules: [],
  source: 'AWS CloudFormation best practices, AWS Well-Architected (reliability)',
  reason: 'a change that replaces a resource, or a stack that is deleted, takes the data along',
  types: STATEFUL,
  check: ({ DeletionPolicy, UpdateReplacePolicy }) => [
    !KEPT.includes(DeletionPolicy ?? '') &&
      `is deleted with its stack, expected a DeletionPolicy of ${KEPT.join(' or ')}`,
    !KEPT.includes(UpdateReplacePolicy ?? '') &&
      `is deleted when it is replaced, expected an UpdateReplacePolicy of ${KEPT.join(' or ')}`,
  ],
};
