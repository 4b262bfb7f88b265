import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PulumiStack, pulumiRequirement } from '../../helpers/pulumi-stack.ts';
import { describeWith } from '../../helpers/requirement.ts';

const KEPT = [
  'sql/databaseInstance:DatabaseInstance',
  'managedkafka/topic:Topic',
  'memorystore/instance:Instance',
  'core/v1:Namespace',
  'core/v1:PersistentVolumeClaim',
  'container/cluster:Cluster',
];

// A platform in production on whatever Google runs. The engine is the real one, the providers are stand-ins.
describeWith(pulumiRequirement(), 'a platform of production under the engine of Pulumi', () => {
  let stack: PulumiStack;

  beforeAll(async () => {
    stack = await PulumiStack.init(fileURLToPath(new URL('./shop-stack', import.meta.url)));
  }, 60_000);
  afterAll(() => stack?.[Symbol.dispose]());

  const names = (act: string) => stack.acts.filter((each) => each.act === act).map(({ name }) => name);

  test('is made with its data services, and tells its workloads the addresses they were given', async () => {
    expect(await stack.run('preview')).toMatchObject({ status: 0 });
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    const { text } = await stack.state();
    for (const address of ['shop-privateIpAddress', 'shop-discovery', 'bootstrap.shop.europe-west4.managedkafka'])
      expect([address, text.includes(address)]).toEqual([address, true]);
    expect(text).not.toContain('late-binding');
  }, 120_000);

  test('is moved below another owner without a resource being made anew', async () => {
    expect(await stack.run('up', { OWNER: 'test:Department', FORMERLY: 'test:Team' })).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
  }, 60_000);

  test('is not destroyed by mistake: no database, no log, no volume', async () => {
    const moved = { OWNER: 'test:Department', FORMERLY: 'test:Team' };
    const refused = await stack.run('destroy', moved);
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('protected');
    // What is not protected may go when somebody skips the preview, which would have stopped here before anything went.
    const kept = stack.acts.filter(({ type }) => KEPT.some((each) => type.endsWith(each)));
    expect(kept).toEqual([]);
  }, 60_000);

  test('goes in reverse when somebody means it, and leaves its keys', async () => {
    await stack.unprotect();
    expect(await stack.run('destroy')).toMatchObject({ status: 0 });
    const deleted = names('delete');
    const order = ['Deployment/shop/shop-billing', 'Namespace/shop', 'keda', 'shop-system'];
    expect(order.map((name) => deleted.indexOf(name))).toEqual(
      order.map((name) => deleted.indexOf(name)).toSorted((a, b) => a - b),
    );
    expect(stack.acts.filter(({ type }) => type.startsWith('gcp:kms/cryptoKey:'))).toEqual([]);
    expect((await stack.state()).resources).toEqual([]);
  }, 60_000);
});
