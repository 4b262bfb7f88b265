import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stackConfig, stackEnvironment, synthesizeGcp, synthesizeGcpArtifacts } from '../../stacks/gcp/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { PulumiStack, pulumiRequirement } from '../helpers/pulumi-stack.ts';
import { describeWith } from '../helpers/requirement.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUCKET = 'gcp:storage/bucket:Bucket';
const POOL = 'gcp:container/nodePool:NodePool';
const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const ENVIRONMENT = 'penstock:environment';

const texts = (config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

const ours = (requested: readonly { readonly type: string }[]): readonly string[] =>
  requested
    .map(({ type }) => type)
    .filter((type) => type.startsWith('gcp:') || type.startsWith('kubernetes:'))
    .map((type) => `create ${type}`)
    .toSorted();

// The engine is the real one; the language host and the providers are stand-ins, which know names and not values.
describeWith(pulumiRequirement(), 'the platform on Google Cloud under the engine of Pulumi', () => {
  let artifacts: PulumiStack;
  let stack: PulumiStack;
  let settings: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    artifacts = await PulumiStack.init(ROOT, texts(stackConfig('artifacts')));
    const dev = stackConfig('dev');
    settings = { ...(dev[ENVIRONMENT] as object), artifacts: artifacts.reference };
    stack = await PulumiStack.init(ROOT, texts({ ...dev, [ENVIRONMENT]: settings }), artifacts);
  }, 120_000);
  afterAll(() => {
    stack?.[Symbol.dispose]();
    artifacts?.[Symbol.dispose]();
  });

  const done = (of: PulumiStack) => of.acts.filter(({ failed }) => !failed).map(({ act, type }) => `${act} ${type}`);
  /** Where the only act of a kind on resources of one type stands among all, by its number. */
  const placeOf = (act: string, name: string): number =>
    stack.acts.findIndex((each) => each.act === act && each.name === name);

  test('cannot be made before its artifacts have a place', async () => {
    const early = await stack.run('preview');
    expect(early.status).not.toBe(0);
    expect(early.output).toContain(artifacts.reference);
  }, 60_000);

  test('has its artifacts in a stack of their own', async () => {
    expect(await artifacts.run('up')).toMatchObject({ status: 0 });
    expect(done(artifacts).toSorted()).toEqual(ours(await synthesizeGcpArtifacts(platform)));
  }, 60_000);

  test('asks for nothing in a preview, and every argument is one of its resource', async () => {
    expect(await stack.run('preview')).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
  }, 60_000);

  test('stops where something fails, keeps what is there, and makes the rest in the next run', async () => {
    const failure = { STAND_IN_FAIL: `create ${DEPLOYMENT} Deployment/mailroom-dev/mailroom-embedder` };
    expect(await stack.run('up', failure)).not.toMatchObject({ status: 0 });
    const before = done(stack);
    expect(before).toContain(`create ${POOL}`);
    // What comes after the workloads has not been begun.
    expect(before).not.toContain('create kubernetes:keda.sh/v1alpha1:ScaledObject');
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    const after = done(stack);
    expect(after).toContain(`create ${DEPLOYMENT}`);
    expect(after).not.toContain(`create ${POOL}`);
    expect([...before, ...after].toSorted()).toEqual(ours(await synthesizeGcp(platform, stackEnvironment('dev'))));
  }, 120_000);

  test('makes operators before objects, and streams before those that read them', async () => {
    const { resources } = await stack.state();
    const there = (name: string): number => resources.findIndex(({ urn }) => urn.endsWith(`::${name}`));
    // In the state, what something needs stands before it.
    const order = [
      'nack',
      'Namespace/mailroom-dev',
      'Stream/mailroom-dev/mailroom-mails',
      'Deployment/mailroom-dev/mailroom-classify',
    ];
    expect(order.map(there)).toEqual(order.map(there).toSorted((a, b) => a - b));
    expect(order.map(there)).not.toContain(-1);
  });

  test('changes nothing when it is run again', async () => {
    expect(await stack.run('up', {}, '--expect-no-changes')).toMatchObject({ status: 0 });
    expect(stack.acts).toEqual([]);
  }, 60_000);

  test('changes what one setting says, and nothing beside it', async () => {
    const { systemNodes } = stackEnvironment('dev');
    const grown = { ...settings, systemNodes: { ...systemNodes, maxNodes: systemNodes.maxNodes + 1 } };
    await stack.configure({ [ENVIRONMENT]: JSON.stringify(grown) });
    expect(await stack.run('up')).toMatchObject({ status: 0 });
    expect(stack.acts).toMatchObject([{ act: 'update', type: POOL, name: 'mailroom-system' }]);
  }, 60_000);

  test('keeps its keys when it goes, and goes in reverse', async () => {
    expect(await stack.run('destroy')).toMatchObject({ status: 0 });
    expect(done(stack)).not.toContain('delete gcp:kms/cryptoKey:CryptoKey');
    const order = [
      'Deployment/mailroom-dev/mailroom-classify',
      'Stream/mailroom-dev/mailroom-mails',
      'Namespace/mailroom-dev',
      'nack',
      'mailroom-system',
    ];
    const places = order.map((name) => placeOf('delete', name));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect((await stack.state()).resources).toEqual([]);
  }, 60_000);

  test('does not lose images and weights with their stack', async () => {
    const refused = await artifacts.run('destroy');
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('protected');
    await artifacts.unprotect();
    expect(await artifacts.run('destroy')).toMatchObject({ status: 0 });
    expect(done(artifacts)).not.toContain(`delete ${BUCKET}`);
    expect(done(artifacts)).not.toContain('delete gcp:artifactregistry/repository:Repository');
    expect((await artifacts.state()).resources).toEqual([]);
  }, 60_000);
});
