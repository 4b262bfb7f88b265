import { beforeAll, describe, expect, test } from '@jest/globals';
import { storage } from '@pulumi/gcp';
import { output } from '@pulumi/pulumi';
import { Binding } from '../../../constructs/binding.ts';
import { WorkloadIdentity, type WorkloadIdentityArgs } from '../../../constructs/gcp/workload-identity.ts';
import { checkRequested } from '../../../constructs/policies/gcp/index.ts';
import { SecretReference } from '../../../constructs/secret-reference.ts';
import { CLUSTER, makeCluster, PROJECT } from './platform-parts.ts';
import { type Request, request } from './requested.ts';

const identity = (change: Partial<WorkloadIdentityArgs> = {}) =>
  request((options) => {
    const cluster = makeCluster(CLUSTER, options);
    const bucket = new storage.Bucket('weights', { location: 'EU' });
    new WorkloadIdentity(
      'embedder',
      {
        project: PROJECT,
        cluster,
        workload: 'mailroom-embedder',
        serviceAccount: { namespace: 'mailroom', name: 'embedder' },
        reads: { weights: { bucket, prefix: 'minilm/1/' } },
        secrets: { token: SecretReference.inStore({ key: Binding.of('mailroom-token') }) },
        roles: [{ id: 'one', role: 'roles/managedkafka.client', condition: output('resource.name == "one"') }],
        ...change,
      },
      options,
    );
  });

const member = 'serviceAccount:mailroom-embedder@synthesized.iam.gserviceaccount.com';

describe('the identity of a workload on Google Cloud', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await identity();
  });

  test('is an account that one service account of the cluster becomes', () => {
    expect(asked.the('gcp:serviceaccount/account:Account', 'embedder').inputs).toMatchObject({
      accountId: 'mailroom-embedder',
    });
    expect(asked.the('gcp:serviceaccount/iAMMember:IAMMember').inputs).toMatchObject({
      role: 'roles/iam.workloadIdentityUser',
      member: 'serviceAccount:mailroom-prod.svc.id.goog[mailroom/embedder]',
    });
  });

  test('reads and lists one folder of a bucket, to its slash', () => {
    const grant = asked.the('gcp:storage/bucketIAMMember:BucketIAMMember').inputs;
    expect(grant).toMatchObject({ bucket: 'weights', role: 'roles/storage.objectViewer', member });
    const { expression } = grant['condition'] as { readonly expression: string };
    expect(expression).toContain('resource.name.startsWith("projects/_/buckets/weights/objects/minilm/1/")');
    expect(expression).toContain('objectListPrefix", "").startsWith("minilm/1/")');
  });

  test('gets the value of one secret, by its name', () => {
    expect(asked.the('gcp:secretmanager/secretIamMember:SecretIamMember').inputs).toMatchObject({
      secretId: 'mailroom-token',
      role: 'roles/secretmanager.secretAccessor',
      member,
    });
  });

  test('has no role on the project without a condition', () => {
    const grants = asked.of('gcp:projects/iAMMember:IAMMember').filter(({ inputs }) => inputs['member'] === member);
    expect(grants.map(({ inputs }) => inputs['condition'])).toEqual([
      { title: 'one', expression: 'resource.name == "one"' },
    ]);
    expect(checkRequested(asked.all)).toEqual([]);
  });
});

test('the identity of a workload that asks for nothing may do nothing', async () => {
  const asked = await identity({ reads: {}, secrets: {}, roles: [] });
  const grants = asked.all.filter(({ inputs }) => inputs['member'] === member);
  expect(grants).toEqual([]);
});

test.each(['abc', 'Mailroom-embedder', 'mailroom-embedder-that-is-long1', 'mailroom-'])(
  'the identity of a workload rejects %s as the id of its account',
  async (workload) => {
    await expect(identity({ workload })).rejects.toThrow('[name-malformed]');
  },
);
