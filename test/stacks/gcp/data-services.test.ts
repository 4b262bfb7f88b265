import { beforeAll, describe, expect, test } from '@jest/globals';
import { checkRequested } from '../../../constructs/policies/gcp/index.ts';
import type { RequestedResource } from '../../../stacks/gcp/requested-resources.ts';
import { stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { CLUSTER, DATA, shop } from './shop.ts';

const prod = stackEnvironment('prod');
const environment = {
  ...prod,
  data: DATA,
  workloads: { ...prod.workloads, ...CLUSTER },
};
const member = 'serviceAccount:shop-billing@synthesized.iam.gserviceaccount.com';

describe('the data services of a platform on Google Cloud', () => {
  let requested: readonly RequestedResource[];
  beforeAll(async () => {
    requested = await synthesizeGcp(shop, environment);
  });
  const inputsOf = (type: string) => requested.filter((each) => each.type.endsWith(type)).map(({ inputs }) => inputs);

  test('are those that the environment chooses, each encrypted by a key of its own', () => {
    for (const type of ['managedkafka/cluster:Cluster', 'sql/databaseInstance:DatabaseInstance', ':Instance'])
      expect(inputsOf(type)).toHaveLength(1);
    const keys = requested.filter(({ type }) => type === 'gcp:kms/cryptoKey:CryptoKey').map(({ name }) => name);
    expect(keys.toSorted()).toEqual(['shop-cache', 'shop-database', 'shop-disks', 'shop-kafka', 'shop-secrets']);
  });

  test('let a cache make its endpoints in the network, and only then', async () => {
    expect(inputsOf(':ServiceConnectionPolicy')).toMatchObject([{ serviceClass: 'gcp-memorystore' }]);
    const without = await synthesizeGcp(shop, { ...environment, data: {} });
    expect(without.filter(({ type }) => type.endsWith(':ServiceConnectionPolicy'))).toEqual([]);
  });

  test('let each user in by its account, to the one instance it uses', () => {
    const roles = inputsOf(':IAMMember').filter((each) => each['member'] === member);
    expect(roles.map(({ role, condition }) => [role, condition !== undefined])).toEqual([
      ['roles/managedkafka.client', true],
      ['roles/cloudsql.instanceUser', true],
      ['roles/memorystore.dbConnectionUser', true],
    ]);
    expect(inputsOf('sql/user:User')).toMatchObject([{ name: 'shop-billing@synthesized.iam' }]);
    expect(
      inputsOf(':Acl')
        .map(({ aclId }) => String(aclId))
        .toSorted(),
    ).toEqual(['consumerGroup/shop.sales.ledger', 'topic/shop.sales', 'topic/shop.sales.ledger.dead']);
  });

  test('hold every policy', () => expect(checkRequested(requested)).toEqual([]));

  test('have no Kafka where nothing is declared for it', async () => {
    const asked = await synthesizeGcp(platform, { ...prod, data: { kafka: { ...DATA.kafka, users: {} } } });
    expect(asked.filter(({ type }) => type.startsWith('gcp:managedkafka'))).toEqual([]);
  });

  test('reject a user that the topology does not have', async () => {
    const users = { cashier: { variable: 'DATABASE' } };
    const wrong = { ...environment, data: { database: { ...DATA.database, users } } };
    await expect(synthesizeGcp(shop, wrong)).rejects.toThrow(/workload cashier: .*\[reference-missing\]/);
  });
});
