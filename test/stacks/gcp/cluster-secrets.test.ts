import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '@pulumi/pulumi';
import { checkRequested } from '../../../constructs/policies/gcp/index.ts';
import { checkManifests, type Manifest } from '../../../constructs/policies/index.ts';
import type { BrokerEnvironment } from '../../../stacks/environments/index.ts';
import { referencedArtifacts } from '../../../stacks/gcp/artifacts-program.ts';
import { platformProgram } from '../../../stacks/gcp/platform-program.ts';
import { requestedManifests, stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { type Request, request } from '../../constructs/gcp/requested.ts';

const environment = stackEnvironment('prod');
const { cluster: broker } = environment.workloads.nats as { readonly cluster: BrokerEnvironment };

interface ExternalSecret {
  readonly secretStoreRef: { readonly name: string };
  readonly data: readonly { readonly remoteRef: { readonly key: string } }[];
}

describe('secrets of a platform on Google Cloud', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await request((options) => {
      platformProgram(platform, environment, referencedArtifacts(environment.artifacts, options), options);
    });
  });
  const manifests = (kind: string): readonly Manifest[] =>
    requestedManifests(asked.all).filter((each) => each.kind === kind);

  test('come from Secret Manager, read as the operator itself and for the namespaces that need one', () => {
    expect(manifests('ClusterSecretStore').map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      [
        'platform',
        {
          provider: { gcpsm: { projectID: 'mailroom-prod' } },
          conditions: [{ namespaces: ['cert-manager', 'mailroom', 'mailroom-nats'] }],
        },
      ],
    ]);
  });

  test('are read by the account of the operator alone, each that is named and no other', () => {
    const specs = manifests('ExternalSecret').map(({ spec }) => spec as ExternalSecret);
    expect(new Set(specs.map(({ secretStoreRef: { name } }) => name))).toEqual(new Set(['platform']));
    const named = new Set(specs.flatMap(({ data }) => data.map(({ remoteRef }) => remoteRef.key)));
    const grants = asked.of('gcp:secretmanager/secretIamMember:SecretIamMember').map(({ inputs }) => inputs);
    expect(grants.map(({ secretId }) => secretId).toSorted()).toEqual([...named].toSorted());
    for (const { role, member, project } of grants)
      expect({ role, member, project }).toEqual({
        role: 'roles/secretmanager.secretAccessor',
        member: 'serviceAccount:mailroom-secrets@synthesized.iam.gserviceaccount.com',
        project: 'mailroom-prod',
      });
  });

  test('have names that Secret Manager can have', () => {
    const seeds = [broker.operator, ...Object.values(broker.clients)].map(({ seed }) => seed);
    expect(seeds).toEqual(['mailroom-nats-operator', 'mailroom-nats-classify']);
  });

  test('are found by an operator that is this account, and not before it may read them', () => {
    const release = asked.the('kubernetes:helm.sh/v3:Release', 'external-secrets');
    const email = 'mailroom-secrets@synthesized.iam.gserviceaccount.com';
    expect(release.inputs).toMatchObject({
      namespace: 'external-secrets',
      values: { serviceAccount: { annotations: { 'iam.gke.io/gcp-service-account': email } } },
    });
    expect(asked.the('gcp:serviceaccount/iAMMember:IAMMember', 'mailroom-secrets').inputs).toMatchObject({
      role: 'roles/iam.workloadIdentityUser',
      member: 'serviceAccount:mailroom-prod.svc.id.goog[external-secrets/external-secrets]',
    });
    const first = asked.the('kubernetes:core/v1:Namespace', 'Namespace/mailroom').options.dependsOn;
    const before = (first as readonly Resource[]).map((each) => each.constructor.name);
    expect(before).toEqual(expect.arrayContaining(['ClusterAddons', 'WorkloadIdentity']));
  });

  test('have the authority that signs for servers of the cluster', () => {
    const [issuer] = manifests('ClusterIssuer');
    expect(issuer).toMatchObject({
      metadata: { name: broker.issuer.name },
      spec: { ca: { secretName: 'mailroom-internal-authority' } },
    });
    const authority = manifests('ExternalSecret').find(({ metadata }) => metadata.namespace === 'cert-manager');
    expect(authority).toMatchObject({
      metadata: { name: 'mailroom-internal-authority' },
      spec: {
        data: [
          { secretKey: 'tls.crt', remoteRef: { key: 'internal-authority' } },
          { secretKey: 'tls.key', remoteRef: { key: 'internal-authority-key' } },
        ],
      },
    });
  });

  test('hold every policy', () => {
    expect(checkRequested(asked.all)).toEqual([]);
    expect(checkManifests(requestedManifests(asked.all))).toEqual([]);
  });
});

describe('a platform whose secrets are none of its program', () => {
  const asks = (workloads: object) =>
    synthesizeGcp(platform, { ...environment, workloads: { ...environment.workloads, ...workloads } });
  const OF_SECRETS = /secretmanager|ClusterSecretStore|ClusterIssuer/;

  test('asks for no store and no right to one, where an issuer and a store are there already', async () => {
    const { authorityKey: _none, ...workloads } = environment.workloads;
    const requested = await synthesizeGcp(platform, { ...environment, workloads });
    expect(requested.filter(({ type }) => OF_SECRETS.test(type))).toEqual([]);
    expect(requestedManifests(requested).some(({ kind }) => kind === 'ExternalSecret')).toBe(true);
  });

  test("nor where the servers are somebody else's", async () => {
    const nats = { existing: { namespace: 'nats', replicas: 3, syncInterval: 'periodic' } } as const;
    expect((await asks({ nats })).filter(({ type }) => OF_SECRETS.test(type))).toEqual([]);
  });

  test('rejects the name of a secret that has folders', async () => {
    await expect(asks({ authorityKey: 'internal/authority' })).rejects.toThrow(
      /"internal\/authority".*\[name-malformed\]/,
    );
  });
});
