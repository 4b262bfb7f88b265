import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PulumiStack, pulumiRequirement } from '../../helpers/pulumi-stack.ts';
import { describeWith } from '../../helpers/requirement.ts';

const POOL = 'gcp:container/nodePool:NodePool';

interface Plan {
  readonly steps: readonly {
    readonly op: string;
    readonly urn: string;
    readonly replaceReasons?: readonly string[] | null;
  }[];
}

// The engine is the real one; the language host and the provider are stand-ins, which know names and not values.
describeWith(pulumiRequirement(), 'the driver of a pool of GPUs under the engine of Pulumi', () => {
  let stack: PulumiStack;
  beforeAll(async () => {
    stack = await PulumiStack.init(fileURLToPath(new URL('./pool-stack', import.meta.url)));
  }, 120_000);
  afterAll(() => stack?.[Symbol.dispose]());

  test('is changed by another pool, and the plan says so before anything is done', async () => {
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    const { status, stdout } = await stack.run('preview', { DRIVER: 'latest' }, '--json');
    expect(status).toBe(0);
    const steps = (JSON.parse(stdout) as Plan).steps.filter(({ urn }) => urn.includes(POOL));
    expect(steps).toMatchObject([{ op: 'replace', replaceReasons: ['name'] }]);
    expect(stack.acts).toEqual([]);
  }, 120_000);

  test('has the new pool there before the old one goes', async () => {
    expect(await stack.run('up', { DRIVER: 'latest' })).toMatchObject({ status: 0 });
    expect(stack.acts.map(({ act, type }) => `${act} ${type}`)).toEqual([`create ${POOL}`, `delete ${POOL}`]);
  }, 120_000);
});
