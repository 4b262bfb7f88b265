import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stackConfig, stackEnvironment, synthesizeGcp } from '../../stacks/gcp/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { PulumiStack, pulumiRequirement } from '../helpers/pulumi-stack.ts';
import { describeWith } from '../helpers/requirement.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENVIRONMENT = stackEnvironment('dev');
const CONFIG = Object.fromEntries(
  Object.entries(stackConfig('dev')).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]),
);
const BUCKET = 'gcp:storage/bucket:Bucket';

// The engine is the real one; the language host and the provider are stand-ins, which know names and not values.
describeWith(pulumiRequirement(), 'the platform on Google Cloud under the engine of Pulumi', () => {
  let stack: PulumiStack;
  let asked: readonly string[];

  beforeAll(async () => {
    const requested = await synthesizeGcp(platform, ENVIRONMENT);
    asked = requested.map(({ type }) => type).filter((type) => type.startsWith('gcp:'));
    stack = await PulumiStack.init(ROOT, CONFIG);
  }, 120_000);
  afterAll(() => stack?.[Symbol.dispose]());

  const done = () => stack.acts.filter(({ failed }) => !failed).map(({ act, type }) => `${act} ${type}`);

  test('asks for nothing in a preview, and every argument is one of its resource', async () => {
    expect(await stack.run('preview')).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
  }, 60_000);

  test('stops where something fails, keeps what is there, and makes the rest in the next run', async () => {
    expect(await stack.run('up', { STAND_IN_FAIL: `create ${BUCKET}` })).not.toMatchObject({ status: 0 });
    const before = done();
    expect(before).not.toContain(`create ${BUCKET}`);
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    const after = done();
    expect(after).toContain(`create ${BUCKET}`);
    expect([...before, ...after].toSorted()).toEqual(asked.map((type) => `create ${type}`).toSorted());
  }, 60_000);

  test('changes nothing when it is run again', async () => {
    expect(await stack.run('up', {}, '--expect-no-changes')).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
  }, 60_000);

  test('does not lose images and weights with their stack', async () => {
    const refused = await stack.run('destroy');
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('protected');
    await stack.unprotect();
    expect(await stack.run('destroy')).toMatchObject({ status: 0 });
    expect(done()).not.toContain(`delete ${BUCKET}`);
    expect(done()).not.toContain('delete gcp:artifactregistry/repository:Repository');
    expect((await stack.state()).resources).toEqual([]);
  }, 60_000);
});
