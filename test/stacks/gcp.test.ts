import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Output, runtime } from '@pulumi/pulumi';
import { stackConfig } from '../../stacks/gcp/synthesize.ts';

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const registered: Registered[] = [];
let program: typeof import('../../stacks/gcp/main.ts');

const resolved = <T>(output: Output<T> | undefined): Promise<T> =>
  new Promise((resolve, reject) =>
    output === undefined ? reject(new Error('no such output')) : output.apply(resolve),
  );

/** As Pulumi hands it to a program: objects as texts. */
const settings = (config: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

beforeAll(async () => {
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        registered.push({ type, name, inputs });
        const computed = { registryUri: 'registry.example.com/project/mailroom', url: `gs://${name}`, name };
        return { id: `${name}-id`, state: { ...inputs, ...computed } };
      },
      call: () => ({}),
    },
    'penstock',
    'artifacts',
  );
  runtime.setAllConfig(settings(stackConfig('artifacts')));
  // The program itself, loaded after the mocks: a resource made before them would look for an engine.
  program = await import('../../stacks/gcp/main.ts');
  await Promise.all([...Object.values(program.images ?? {}), ...Object.values(program.weights ?? {})].map(resolved));
}, 60_000);

const inputsOf = (type: string) => registered.find((each) => each.type === type)?.inputs;

describe('the artifacts of a platform on Google Cloud', () => {
  test('have a repository whose tags never move and whose untagged images go after two weeks', () => {
    expect(inputsOf('gcp:artifactregistry/repository:Repository')).toMatchObject({
      repositoryId: 'mailroom',
      location: 'europe-west4',
      format: 'DOCKER',
      dockerConfig: { immutableTags: true },
      cleanupPolicyDryRun: false,
      cleanupPolicies: [{ action: 'DELETE', condition: { tagState: 'UNTAGGED', olderThan: '1209600s' } }],
    });
  });

  test('have a bucket that keeps old versions and that nobody outside can read', () => {
    expect(inputsOf('gcp:storage/bucket:Bucket')).toMatchObject({
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      forceDestroy: false,
    });
  });

  test('are all that their stack has', () => {
    expect(registered.filter(({ type }) => type.startsWith('penstock:')).map(({ type }) => type)).toEqual([
      'penstock:gcp:ArtifactStore',
    ]);
    expect(program.clusterName).toBeUndefined();
  });

  test('are told to the stacks of the environments', async () => {
    expect(await resolved(program.registry)).toBe('registry.example.com/project/mailroom');
    expect(await resolved(program.bucket)).toBe('mailroom-weights');
  });

  test('say where each image goes', async () => {
    expect(Object.keys(program.images ?? {})).toEqual([
      'inference-engine',
      'mail-classifier',
      'models/all-minilm-l6-v2',
    ]);
    expect(await resolved(program.images?.['mail-classifier'])).toBe(
      'registry.example.com/project/mailroom/mail-classifier',
    );
  });

  test('say where the weights of a revision go', async () => {
    expect(await resolved(program.weights?.['all-minilm-l6-v2/1.19.0-beta29/'])).toBe(
      'gs://mailroom-weights/all-minilm-l6-v2/1.19.0-beta29/',
    );
  });
});
