import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AuroraPostgres, type AuroraPostgresProps } from '../../../constructs/aws/aurora-postgres.ts';
import { dataStack } from './data-stack.ts';

const SERVERLESS = { kind: 'serverless', minimumUnits: 0.5, maximumUnits: 8 } as const;

function made(props: Partial<AuroraPostgresProps> = {}, zones = 3) {
  const { stack, network, key } = dataStack(zones);
  const database = new AuroraPostgres(stack, 'Database', {
    name: 'shop-dev',
    network,
    key,
    database: 'shop',
    capacity: SERVERLESS,
    ...props,
  });
  return { stack, database, template: () => Template.fromStack(stack) };
}

describe('a database', () => {
  const { stack, database } = made();
  const template = Template.fromStack(stack);

  test('is encrypted by a key of ours and protected from deletion', () => {
    template.hasResource('AWS::RDS::DBCluster', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { StorageEncrypted: true, KmsKeyId: Match.anyValue(), DeletionProtection: true },
    });
    template.allResources('AWS::RDS::DBInstance', { DeletionPolicy: 'Retain' });
  });

  test('can be turned back to any second of two weeks', () => {
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      BackupRetentionPeriod: 14,
      CopyTagsToSnapshot: true,
      DeleteAutomatedBackups: false,
    });
  });

  test('takes tokens of IAM and TLS, and its first password is made and rotated by RDS', () => {
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      EnableIAMDatabaseAuthentication: true,
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
      MasterUserSecret: { KmsKeyId: Match.anyValue() },
    });
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: { 'rds.force_ssl': '1', 'rds.logical_replication': Match.absent() },
    });
    expect(JSON.stringify(stack.resolve(database.administrator.lower().key))).toContain('MasterUserSecret.SecretArn');
  });

  test('has a reader in private that takes over, of the size of the writer', () => {
    template.resourceCountIs('AWS::RDS::DBInstance', 2);
    template.hasResourceProperties('AWS::RDS::DBInstance', { PromotionTier: 1, PubliclyAccessible: false });
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 8 },
    });
  });

  test('says what it does: to Performance Insights, and in logs that end', () => {
    template.hasResourceProperties('AWS::RDS::DBCluster', { PerformanceInsightsEnabled: true, MonitoringInterval: 60 });
    template.hasResourceProperties('AWS::RDS::DBCluster', {
      EnableCloudwatchLogsExports: ['postgresql', 'iam-db-auth-error'],
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/rds/cluster/shop-dev/postgresql',
      RetentionInDays: 30,
    });
  });
});

test('the changes of an outbox are in the log when somebody reads them', () => {
  made({ logicalReplication: true })
    .template()
    .hasResourceProperties('AWS::RDS::DBClusterParameterGroup', { Parameters: { 'rds.logical_replication': '1' } });
});

test('provisioned machines are of the type that was asked for, and scale nothing', () => {
  const template = made({ capacity: { kind: 'provisioned', instance: 'r8g.large' }, readers: 2 }).template();
  template.allResourcesProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.r8g.large' });
  template.resourceCountIs('AWS::RDS::DBInstance', 3);
  template.hasResourceProperties('AWS::RDS::DBCluster', { ServerlessV2ScalingConfiguration: Match.absent() });
});

test.each([
  ['one zone', {}, 1, 'durability-unavailable'],
  ['less capacity than Aurora has', { capacity: { ...SERVERLESS, minimumUnits: 0.25 } }, 3, 'resources-too-small'],
  ['capacity the wrong way round', { capacity: { ...SERVERLESS, minimumUnits: 16 } }, 3, 'resources-too-small'],
  ['a name that is too long', { name: 'x'.repeat(64) }, 3, 'name-too-long'],
] as const)('a database rejects %s, before anything is made', (_title, props, zones, code) => {
  const { stack, network, key } = dataStack(zones);
  const all = { name: 'shop', network, key, database: 'shop', capacity: SERVERLESS, ...props };
  expect(() => new AuroraPostgres(stack, 'Database', all)).toThrow(`[${code}]`);
  expect(stack.node.tryFindChild('Database')).toBeUndefined();
});
