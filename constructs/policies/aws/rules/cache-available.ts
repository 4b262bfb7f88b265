import type { TemplatePolicy } from '../policy.ts';
import { at, listOf } from '../template.ts';

export const cacheAvailable: TemplatePolicy = {
  id: 'cache-available',
  rules: [],
  source: 'AWS Security Hub (ElastiCache.1, ElastiCache.3, ElastiCache.6)',
  reason: 'a zone that goes takes the work that waited along, and whoever reaches the port is everybody',
  types: ['AWS::ElastiCache::ReplicationGroup', 'AWS::ElastiCache::ServerlessCache', 'AWS::ElastiCache::User'],
  check: (cache) => {
    if (cache.Type === 'AWS::ElastiCache::User')
      return [
        at(cache, 'AuthenticationMode.Type') !== 'iam' && 'connects by a password or by none, expected IAM',
        !/~[^*\s]/.test(String(at(cache, 'AccessString'))) && 'has the keys of everybody, expected how its own begin',
      ];
    const days = at(cache, 'SnapshotRetentionLimit');
    const nodes = cache.Type === 'AWS::ElastiCache::ReplicationGroup';
    return [
      nodes && at(cache, 'AutomaticFailoverEnabled') !== true && 'has nobody who takes over',
      nodes && at(cache, 'MultiAZEnabled') !== true && 'lies in one zone',
      (typeof days !== 'number' || days < 1) && 'keeps no snapshot',
      listOf(at(cache, 'UserGroupIds') ?? at(cache, 'UserGroupId')).length === 0 && 'knows no users',
    ];
  },
};
