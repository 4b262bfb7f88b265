import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ValkeyCache, type ValkeyCacheProps } from '../../../constructs/aws/valkey-cache.ts';
import { dataStack } from './data-stack.ts';

const NODES = { kind: 'nodes', node: 'cache.r7g.large' } as const;
const SERVERLESS = { kind: 'serverless', maximumGigabytes: 10, maximumUnits: 5000 } as const;
const USERS = {
  sessions: { keys: 'sessions:', access: 'write' },
  reports: { keys: 'sessions:', access: 'read' },
} as const;

function made(props: Partial<ValkeyCacheProps> = {}, zones = 3) {
  const { stack, network, key } = dataStack(zones);
  const cache = new ValkeyCache(stack, 'Cache', {
    name: 'shop-dev',
    network,
    key,
    kind: NODES,
    users: USERS,
    ...props,
  });
  return { stack, cache, template: () => Template.fromStack(stack) };
}

describe('a replicated cache', () => {
  const template = made().template();

  test('speaks TLS alone and is encrypted by a key of ours', () => {
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      Engine: 'valkey',
      TransitEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
      AtRestEncryptionEnabled: true,
      KmsKeyId: Match.anyValue(),
      AuthToken: Match.absent(),
    });
  });

  test('goes on when a zone is gone', () => {
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      AutomaticFailoverEnabled: true,
      MultiAZEnabled: true,
      ReplicasPerNodeGroup: 1,
    });
  });

  test('is kept by daily snapshots and outlives its stack', () => {
    template.hasResource('AWS::ElastiCache::ReplicationGroup', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { SnapshotRetentionLimit: 7 },
    });
  });

  test('refuses to throw waiting work away unless told so', () => {
    template.hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      Properties: { 'maxmemory-policy': 'noeviction' },
    });
    made({ kind: { ...NODES, whenFull: 'evict' } })
      .template()
      .hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
        Properties: { 'maxmemory-policy': 'volatile-lru' },
      });
  });

  test('lets in whom IAM names, each to keys of their own', () => {
    template.allResourcesProperties('AWS::ElastiCache::User', {
      AuthenticationMode: { Type: 'iam' },
      NoPasswordRequired: Match.absent(),
    });
    template.hasResourceProperties('AWS::ElastiCache::User', {
      UserName: 'shop-dev-reports',
      AccessString: 'on ~sessions:* +@read +@connection +info',
    });
    template.hasResourceProperties('AWS::ElastiCache::User', {
      UserId: 'shop-dev-sessions',
      UserName: 'shop-dev-sessions',
      AccessString: 'on ~sessions:* +@all -@admin -@dangerous +info',
    });
  });
});

test('a serverless cache has bounds, a key of ours and the same users', () => {
  const template = made({ kind: SERVERLESS }).template();
  template.hasResource('AWS::ElastiCache::ServerlessCache', {
    DeletionPolicy: 'Retain',
    Properties: {
      Engine: 'valkey',
      CacheUsageLimits: { DataStorage: { Maximum: 10, Unit: 'GB' }, ECPUPerSecond: { Maximum: 5000 } },
      KmsKeyId: Match.anyValue(),
      UserGroupId: Match.anyValue(),
      SnapshotRetentionLimit: 7,
    },
  });
});

describe('the right to connect', () => {
  test.each([['nodes', NODES, 'replicationgroup'] as const, ['serverless', SERVERLESS, 'ARN'] as const])(
    'of a user of %s names the cache and the user',
    (_name, kind, part) => {
      const { stack, cache } = made({ kind });
      const { Action, Resource } = stack.resolve(cache.access('reports').toStatementJson()) as {
        Action: string;
        Resource: readonly unknown[];
      };
      expect(Action).toBe('elasticache:Connect');
      expect(Resource).toHaveLength(2);
      expect(JSON.stringify(Resource)).toContain(part);
    },
  );

  test('rejects a user that the cache does not have', () => {
    expect(() => made().cache.access('nobody')).toThrow(/expected one of sessions, reports/);
  });
});

test.each([
  ['one zone', {}, 1, 'durability-unavailable'],
  ['nobody who connects', { users: {} }, 3, 'reference-missing'],
  ['a user of all keys by accident', { users: { all: { keys: '', access: 'read' } } }, 3, 'reference-missing'],
  ['a name that is too long', { name: 'x'.repeat(41) }, 3, 'name-too-long'],
] as const)('a cache rejects %s, before anything is made', (_title, props, zones, code) => {
  const { stack, network, key } = dataStack(zones);
  expect(
    () => new ValkeyCache(stack, 'Cache', { name: 'shop', network, key, kind: NODES, users: USERS, ...props }),
  ).toThrow(`[${code}]`);
  expect(stack.node.tryFindChild('Cache')).toBeUndefined();
});
