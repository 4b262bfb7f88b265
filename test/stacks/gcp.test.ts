import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Output, runtime } from '@pulumi/pulumi';
import type { ArtifactStore as Store } from '../../constructs/gcp/artifact-store.ts';
import { platform } from '../../stacks/platform.ts';

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const registered: Registered[] = [];
let store: Store;

const resolved = <T>(output: Output<T> | undefined): Promise<T> =>
  new Promise((resolve, reject) =>
    output === undefined ? reject(new Error('no such output')) : output.apply(resolve),
  );

beforeAll(async () => {
  await runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        registered.push({ type, name, inputs });
        const computed = { registryUri: 'registry.example.com/project/mailroom', url: `gs://${name}` };
        return { id: `${name}-id`, state: { ...inputs, ...computed } };
      },
      call: () => ({}),
    },
    'penstock',
    'test',
  );
  // Loaded after the mocks: a resource made before them would look for an engine.
  const { ArtifactStore } = await import('../../constructs/gcp/artifact-store.ts');
  store = new ArtifactStore('mailroom', { topology: platform, location: 'europe-west4' });
  await Promise.all([resolved(store.nodes.repository.urn), resolved(store.nodes.weights.urn)]);
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

  test('belong to one component', () => {
    expect(registered.map(({ type }) => type)).toContain('penstock:gcp:ArtifactStore');
  });

  test('say where each image goes', async () => {
    expect(Object.keys(store.images)).toEqual(['inference-engine', 'task-queue', 'models/all-minilm-l6-v2']);
    expect(await resolved(store.images['task-queue'])).toBe('registry.example.com/project/mailroom/task-queue');
  });

  test('say where the weights of a revision go', async () => {
    expect(await resolved(store.weights['all-minilm-l6-v2/1.19.0-beta29/'])).toBe(
      'gs://mailroom-weights/all-minilm-l6-v2/1.19.0-beta29/',
    );
  });
});
