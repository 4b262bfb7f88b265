import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PulumiStack, pulumiRequirement } from '../helpers/pulumi-stack.ts';
import { describeWith } from '../helpers/requirement.ts';

const ROOT = fileURLToPath(new URL('./gcp-foreign', import.meta.url));
const POOL = 'gcp:container/nodePool:NodePool';
const ENDPOINT = 'gcp:vertex/aiEndpoint:AiEndpoint';

// The engine is the real one; the language host and the provider are stand-ins, which know names and not values.
describeWith(pulumiRequirement(), 'a program of somebody else under the engine of Pulumi', () => {
  let stack: PulumiStack;
  beforeAll(async () => {
    stack = await PulumiStack.init(ROOT);
  }, 120_000);
  afterAll(() => stack?.[Symbol.dispose]());

  const done = () => stack.acts.filter(({ failed }) => !failed).map(({ act, type }) => `${act} ${type}`);

  test('makes the pool after the cluster it is told of, and keeps both constructs as parents', async () => {
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    const acts = done();
    expect(acts.indexOf(`create ${POOL}`)).toBeGreaterThan(acts.indexOf('create gcp:container/cluster:Cluster'));
    expect(acts).toContain(`create ${ENDPOINT}`);
    const { resources } = await stack.state();
    const parentOf = (type: string) => resources.find((each) => each.type === type)?.parent;
    expect(parentOf(POOL)).toMatch(/penstock:gcp:GpuNodePool::inference$/);
    expect(parentOf(ENDPOINT)).toMatch(/penstock:gcp:VertexEndpoint::ranker$/);
  }, 60_000);

  test('changes nothing when it is run again, and goes in the order it did not come in', async () => {
    expect(await stack.run('up', {}, '--expect-no-changes')).toMatchObject({ status: 0 });
    expect(await stack.run('destroy')).toMatchObject({ status: 0 });
    const acts = done();
    expect(acts.indexOf(`delete ${POOL}`)).toBeLessThan(acts.indexOf('delete gcp:container/cluster:Cluster'));
    expect((await stack.state()).resources).toEqual([]);
  }, 60_000);
});
