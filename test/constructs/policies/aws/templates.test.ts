import { describe, expect, test } from '@jest/globals';
import { defineTopology } from '@penstock/model';
import { Template } from 'aws-cdk-lib/assertions';
import { AlertTopics } from '../../../../constructs/aws/alert-topics.ts';
import { AuroraPostgres } from '../../../../constructs/aws/aurora-postgres.ts';
import { ManagedPrometheus } from '../../../../constructs/aws/managed-prometheus.ts';
import { MskCluster } from '../../../../constructs/aws/msk-cluster.ts';
import { RabbitMqBroker } from '../../../../constructs/aws/rabbitmq-broker.ts';
import { ValkeyCache } from '../../../../constructs/aws/valkey-cache.ts';
import {
  type CloudFormationTemplate,
  checkTemplates,
  TEMPLATE_POLICIES,
} from '../../../../constructs/policies/aws/index.ts';
import { suppressionOf } from '../../../../constructs/suppression.ts';
import { dataStack } from '../../aws/data-stack.ts';
import { CLUSTER_CASES } from './cluster-cases.ts';
import { MINIMAL_CASES } from './minimal-cases.ts';

const topology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics: {
    orders: { arrivalRate: '1/s', consumers: { billing: { workTime: { mean: '20 milliseconds', p99: '1 second' } } } },
  },
});

/** All that holds data, as it should be. */
function compliant(): CloudFormationTemplate {
  const { stack, network, key } = dataStack();
  new MskCluster(stack, 'Kafka', {
    topology,
    name: 'shop-kafka',
    network,
    key,
    kind: {
      kind: 'provisioned',
      version: '4.1.x.kraft',
      instance: 'kafka.m7g.large',
      storage: { initial: '10 GiB', maximum: '20 GiB' },
    },
  });
  new AuroraPostgres(stack, 'Database', {
    name: 'shop',
    network,
    key,
    database: 'shop',
    capacity: { kind: 'serverless', minimumUnits: 1, maximumUnits: 2 },
  });
  new ValkeyCache(stack, 'Cache', {
    name: 'shop',
    network,
    key,
    kind: { kind: 'nodes', node: 'cache.r7g.large' },
    users: { web: { keys: 'web:', access: 'write' } },
  });
  new RabbitMqBroker(stack, 'Broker', { name: 'shop', network, key, version: '4.3', instance: 'mq.m7g.large' });
  const topics = new AlertTopics(stack, 'Topics', { name: 'shop', key, emails: { page: [], ticket: [] } });
  new ManagedPrometheus(stack, 'Prometheus', { name: 'shop', watched: { topology, namespace: 'shop' }, topics, key });
  return Template.fromStack(stack).toJSON() as CloudFormationTemplate;
}

const TEMPLATE = compliant();

interface Draft {
  [key: string]: unknown;
}

/** A copy with one thing changed in every resource of a type. */
function broken(type: string, path: string, value: unknown): CloudFormationTemplate {
  const copy = structuredClone(TEMPLATE) as unknown as { Resources: Record<string, Draft> };
  for (const resource of Object.values(copy.Resources)) {
    if (resource['Type'] !== type) continue;
    const keys = path.split('.');
    const last = keys.pop() as string;
    const holder = keys.reduce<Draft>((inner, key) => inner[key] as Draft, resource);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return copy as unknown as CloudFormationTemplate;
}

const MSK = 'AWS::MSK::Cluster';
const DB = 'AWS::RDS::DBCluster';
const CACHE = 'AWS::ElastiCache::ReplicationGroup';
const MQ = 'AWS::AmazonMQ::Broker';
const TRANSIT = 'Properties.EncryptionInfo.EncryptionInTransit';

const CASES = [
  ['kafka-encrypted', MSK, `${TRANSIT}.ClientBroker`, 'TLS_PLAINTEXT', /TLS_PLAINTEXT, expected TLS/],
  ['kafka-encrypted', MSK, `${TRANSIT}.ClientBroker`, undefined, /expected TLS/],
  ['kafka-encrypted', MSK, `${TRANSIT}.InCluster`, false, /plain text/],
  ['kafka-encrypted', MSK, 'Properties.EncryptionInfo.EncryptionAtRest', undefined, /no key/],
  ['kafka-encrypted', MSK, 'Properties.ClientAuthentication.Unauthenticated', undefined, /no name/],
  ['kafka-encrypted', MSK, 'Properties.LoggingInfo.BrokerLogs.CloudWatchLogs.Enabled', false, /nowhere/],
  [
    'kafka-encrypted',
    MSK,
    'Properties.BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type',
    'SERVICE_PROVIDED_EIPS',
    /public/,
  ],
  ['data-retained', MSK, 'DeletionPolicy', 'Delete', /deleted with its stack/],
  ['data-retained', 'AWS::MSK::Topic', 'UpdateReplacePolicy', undefined, /when it is replaced/],
  ['data-retained', 'AWS::APS::Workspace', 'UpdateReplacePolicy', 'Delete', /when it is replaced/],
  ['data-retained', DB, 'DeletionPolicy', undefined, /deleted with its stack/],
  ['data-retained', 'AWS::KMS::Key', 'DeletionPolicy', 'Delete', /deleted with its stack/],
  ['data-encrypted', 'AWS::KMS::Key', 'Properties.EnableKeyRotation', undefined, /never rotated/],
  ['data-encrypted', DB, 'Properties.StorageEncrypted', false, /not encrypted at rest/],
  ['data-encrypted', DB, 'Properties.KmsKeyId', undefined, /no key/],
  ['data-encrypted', CACHE, 'Properties.TransitEncryptionEnabled', undefined, /in transit/],
  ['data-encrypted', CACHE, 'Properties.TransitEncryptionMode', 'preferred', /without TLS/],
  ['data-encrypted', CACHE, 'Properties.AtRestEncryptionEnabled', false, /at rest/],
  ['data-encrypted', MQ, 'Properties.EncryptionOptions', { UseAwsOwnedKey: true }, /no key/],
  ['data-encrypted', 'AWS::APS::Workspace', 'Properties.KmsKeyArn', undefined, /no key/],
  ['data-encrypted', 'AWS::SNS::Topic', 'Properties.KmsMasterKeyId', undefined, /no key/],
  ['data-encrypted', 'AWS::SecretsManager::Secret', 'Properties.KmsKeyId', undefined, /no key/],
  ['database-protected', DB, 'Properties.DeletionProtection', false, /one call/],
  ['database-protected', DB, 'Properties.BackupRetentionPeriod', 1, /1 days/],
  ['database-protected', DB, 'Properties.EnableIAMDatabaseAuthentication', undefined, /tokens of IAM/],
  ['database-protected', DB, 'Properties.DeleteAutomatedBackups', true, /backups along/],
  ['database-protected', DB, 'Properties.EnableCloudwatchLogsExports', ['iam-db-auth-error'], /no logs/],
  ['kafka-encrypted', MSK, 'Properties.ClientAuthentication.Sasl', undefined, /by a name/],
  ['database-protected', DB, 'Properties.MasterUserPassword', 'hunter2', /password in its template/],
  ['broker-private', MQ, 'Properties.PubliclyAccessible', true, /public/],
  ['broker-private', MQ, 'Properties.DeploymentMode', 'SINGLE_INSTANCE', /one node/],
  ['broker-private', MQ, 'Properties.Logs', undefined, /no logs/],
  ['ingress-closed', 'AWS::EC2::SecurityGroupIngress', 'Properties.CidrIp', '0.0.0.0/0', /everybody/],
  ['ingress-closed', 'AWS::EC2::SecurityGroup', 'Properties.SecurityGroupIngress', [{ CidrIpv6: '::/0' }], /everybody/],
  [
    'rights-least',
    'AWS::IAM::Policy',
    'Properties.PolicyDocument.Statement',
    [{ Effect: 'Allow', Action: 'kafka:*', Resource: 'arn' }],
    /kafka:\*/,
  ],
  [
    'rights-least',
    'AWS::IAM::Policy',
    'Properties.PolicyDocument.Statement',
    { Effect: 'Allow', Action: 'kafka:DeleteCluster', Resource: '*' },
    /on everything/,
  ],
  [
    'rights-least',
    'AWS::IAM::Role',
    'Properties.Policies',
    [{ PolicyDocument: { Statement: [{ NotAction: 'iam:PassRole', Resource: 'arn' }] } }],
    /all but some/,
  ],
] as const;

describe('the policies of templates', () => {
  test('hold for everything that keeps data', () => {
    expect(checkTemplates({ data: TEMPLATE })).toEqual([]);
  });

  test.each(CASES)('%s rejects a %s with %s %j', (policy, type, path, value, message) => {
    const findings = checkTemplates({ data: broken(type, path, value) });
    expect(new Set(findings.map((finding) => finding.policy))).toEqual(new Set([policy]));
    expect(findings.map((finding) => finding.message)).toContainEqual(expect.stringMatching(message));
  });

  test.each(TEMPLATE_POLICIES.map(({ id }) => id))('%s has a case that breaks it', (id) => {
    expect([...CASES, ...CLUSTER_CASES, ...MINIMAL_CASES].map(([policy]) => policy)).toContain(id);
  });

  test('say nothing of the logs of Express brokers, which have none', () => {
    const express = broken(MSK, 'Properties.LoggingInfo', undefined);
    for (const { Type, Properties } of Object.values(express.Resources ?? {})) {
      if (Type === MSK) (Properties?.['BrokerNodeGroupInfo'] as Draft)['InstanceType'] = 'express.m7g.large';
    }
    expect(checkTemplates({ data: express })).toEqual([]);
  });
});

describe('a suppression in the metadata of a resource', () => {
  const suppressed = (reasons: Readonly<Record<string, string>>, type = MQ) => {
    const copy = broken(MQ, 'Properties.PubliclyAccessible', true) as unknown as { Resources: Record<string, Draft> };
    for (const resource of Object.values(copy.Resources)) {
      if (resource['Type'] === type) resource['Metadata'] = reasons;
    }
    return checkTemplates({ data: copy as unknown as CloudFormationTemplate }).map(({ message }) => message);
  };

  test('takes it out of a policy for a reason', () => {
    expect(suppressed({ [suppressionOf('broker-private')]: 'partners connect from outside' })).toEqual([]);
  });

  test.each([
    ['no reason', { [suppressionOf('broker-private')]: ' ' }, /without a reason/],
    ['one of a policy that holds', { [suppressionOf('data-retained')]: 'why not' }, /remove the suppression/],
    ['one of no policy', { [suppressionOf('broker-pirate')]: 'a typo' }, /names no policy/],
  ] as const)('rejects %s', (_title, reasons, message) => {
    expect(suppressed(reasons)).toContainEqual(expect.stringMatching(message));
  });
});
