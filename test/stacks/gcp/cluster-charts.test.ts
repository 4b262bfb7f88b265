import { beforeAll, describe, expect, test } from '@jest/globals';
import type { CustomResourceOptions, Resource } from '@pulumi/pulumi';
import { applyOrder } from '../../../constructs/apply-order.ts';
import type { Manifest } from '../../../constructs/policies/index.ts';
import { type GcpWorkloads, gcpWorkloads } from '../../../stacks/environments/gcp.ts';
import { referencedArtifacts } from '../../../stacks/gcp/artifacts-program.ts';
import { platformProgram } from '../../../stacks/gcp/platform-program.ts';
import { requestedManifests, stackEnvironment, synthesizeGcp } from '../../../stacks/gcp/synthesize.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { type Request, request } from '../../constructs/gcp/requested.ts';
import { CLUSTER, DATA, shop } from './shop.ts';

const environment = stackEnvironment('prod');
const keyOf = ({ kind, metadata: { namespace, name } }: Manifest): string => `${kind}/${namespace}/${name}`;

/** Without what only Pulumi reads. */
const plain = (manifest: Manifest): Manifest => {
  const { annotations = {}, ...metadata } = manifest.metadata;
  const kept = Object.entries(annotations).filter(([name]) => !name.startsWith('pulumi.com/'));
  return {
    ...manifest,
    metadata: { ...metadata, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}) },
  };
};

describe('the charts of a platform, applied by Pulumi', () => {
  let asked: Request;
  beforeAll(async () => {
    asked = await request((options) => {
      platformProgram(platform, environment, referencedArtifacts(environment.artifacts, options), options);
    });
  });
  const objects = () => asked.all.filter(({ type, inputs }) => type.startsWith('kubernetes:') && inputs['kind']);

  test('are those of any cluster, object for object, with images of the artifacts', () => {
    const registry = 'registry.example.com/synthesized';
    const { traces, ...workloads } = gcpWorkloads['prod'] as GcpWorkloads;
    const anywhere = synthesizeKubernetes(platform, {
      // As any cluster whose collectors are Google's.
      ...workloads,
      prometheus: {
        url: 'https://monitoring.googleapis.com/v1/projects/mailroom-prod/location/global/prometheus',
        identity: 'gcp',
      },
      traces: {
        ...(traces as NonNullable<typeof traces>),
        account: { 'iam.gke.io/gcp-service-account': 'mailroom-traces@synthesized.iam.gserviceaccount.com' },
        backend: { kind: 'cloud-trace', project: environment.project.id },
        reaches: [
          { peer: { cidr: '0.0.0.0/0' }, ports: [{ port: 443, protocol: 'TCP' }] },
          { peer: { cidr: '169.254.169.254/32' }, ports: [{ port: 80, protocol: 'TCP' }] },
        ],
      },
      images: {
        'mail-classifier': `${registry}/mail-classifier:0.1.0`,
        'inference-engine': `${registry}/inference-engine:0.1.0`,
      },
      weights: { embedder: `${registry}/models/all-minilm-l6-v2:1.19.0-beta29` },
    });
    // What is there already anywhere else is tested by itself.
    const brought = /^(ClusterIssuer|ClusterSecretStore|ExternalSecret\/cert-manager)\//;
    const here = requestedManifests(asked.all)
      .map(plain)
      .filter((each) => !brought.test(keyOf(each)));
    expect(here.map(keyOf).toSorted()).toEqual(anywhere.map(keyOf).toSorted());
    expect(Object.fromEntries(here.map((each) => [keyOf(each), each]))).toEqual(
      Object.fromEntries(anywhere.map((each) => [keyOf(each), each])),
    );
  });

  test('have a resource each, of the type and the name of the object', () => {
    expect(asked.the('kubernetes:apps/v1:Deployment', 'Deployment/mailroom/mailroom-classify').inputs).toMatchObject({
      apiVersion: 'apps/v1',
      metadata: { name: 'mailroom-classify', namespace: 'mailroom' },
    });
    expect(asked.the('kubernetes:core/v1:Namespace', 'Namespace/mailroom').inputs['kind']).toBe('Namespace');
    expect(new Set(objects().map(({ type, name }) => `${type} ${name}`)).size).toBe(objects().length);
  });

  test('come stage after stage, the first after the last operator', () => {
    const names = (resources: CustomResourceOptions['dependsOn']) =>
      (resources as unknown as readonly Resource[]).map((each) => each.constructor.name);
    const stages = applyOrder(requestedManifests(asked.all)).map((stage) => stage.objects);
    for (const [n, stage] of stages.entries())
      for (const { kind, metadata } of stage) {
        const before = objects().find(
          ({ inputs }) => keyOf(inputs as unknown as Manifest) === keyOf({ apiVersion: '', kind, metadata }),
        )?.options.dependsOn;
        if (n === 0) expect(names(before)).toContain('ClusterAddons');
        else expect(names(before)).toHaveLength(stages[n - 1]?.length as number);
      }
  });

  const manifestOf = (name: string) =>
    requestedManifests(asked.all).find((each) => keyOf(each) === name) as Manifest & { readonly spec: unknown };

  test('wait for what others build upon, and for nothing that comes only later', () => {
    const annotationsOf = (name: string) =>
      requestedManifests(asked.all).find((each) => keyOf(each) === name)?.metadata.annotations;
    expect(annotationsOf('Service/mailroom/mailroom-embedder')).toMatchObject({ 'pulumi.com/skipAwait': 'true' });
    expect(annotationsOf('ScaledObject/mailroom/mailroom-classify')).toMatchObject({
      'pulumi.com/waitFor': 'condition=Ready',
    });
    expect(annotationsOf('Deployment/mailroom/mailroom-classify')).not.toHaveProperty('pulumi.com/waitFor');
  });

  test('keep namespaces and volumes in production', () => {
    const kept = objects().filter(({ options }) => options.protect === true);
    expect(new Set(kept.map(({ inputs }) => inputs['kind']))).toEqual(new Set(['Namespace', 'PersistentVolumeClaim']));
  });

  test('are applied by whoever deploys: no secret of the cluster is in what is asked for', () => {
    const { inputs } = asked.the('pulumi:providers:kubernetes');
    expect(inputs['enableServerSideApply']).toBe('true');
    expect(inputs['clusterIdentifier']).toBe('mailroom');
    expect(JSON.parse(inputs['kubeconfig'] as string)).toMatchObject({
      clusters: [{ cluster: { server: 'https://10.0.0.4', 'certificate-authority-data': 'c3ludGhlc2l6ZWQ=' } }],
      users: [{ user: { exec: { command: 'gke-gcloud-auth-plugin' } } }],
    });
  });

  test('find the operators that they need, each after those it needs, and none that GKE brings', () => {
    const releases = asked.of('kubernetes:helm.sh/v3:Release').map(({ inputs }) => inputs);
    expect(releases.map(({ name }) => name)).toEqual(['cert-manager', 'external-secrets', 'keda', 'nack']);
    expect(releases.find(({ name }) => name === 'nack')).toMatchObject({
      namespace: 'nats',
      repositoryOpts: { repo: 'https://nats-io.github.io/k8s/helm/charts' },
      atomic: true,
      values: { jetstream: { controlLoop: true } },
    });
  });

  test('are scaled by rates that KEDA asks Managed Prometheus for, as an account that may read series and nothing else', () => {
    const email = 'mailroom-keda@synthesized.iam.gserviceaccount.com';
    expect(asked.the('kubernetes:helm.sh/v3:Release', 'keda').inputs).toMatchObject({
      values: { podIdentity: { gcp: { enabled: true, gcpIAMServiceAccount: email } } },
    });
    expect(asked.the('gcp:projects/iAMCustomRole:IAMCustomRole', 'mailroom-keda-role').inputs).toMatchObject({
      permissions: ['monitoring.timeSeries.list'],
    });
    expect(asked.the('gcp:projects/iAMMember:IAMMember', 'mailroom-keda-series').inputs).toMatchObject({
      member: `serviceAccount:${email}`,
    });
    const { triggers } = manifestOf('ScaledObject/mailroom/mailroom-classify').spec as {
      readonly triggers: readonly object[];
    };
    expect(triggers).toContainEqual(
      expect.objectContaining({ type: 'prometheus', authenticationRef: { name: 'mailroom-prometheus' } }),
    );
    expect(manifestOf('TriggerAuthentication/mailroom/mailroom-prometheus').spec).toEqual({
      podIdentity: { provider: 'gcp' },
    });
  });
});

test('a user of a data service has its address, its account and a way there', async () => {
  const requested = await synthesizeGcp(shop, {
    ...environment,
    data: DATA,
    workloads: { ...environment.workloads, ...CLUSTER },
  });
  const manifests = requestedManifests(requested);
  const the = (kind: string): Manifest => {
    const found = manifests.find((each) => each.kind === kind && each.metadata.name === 'shop-billing');
    if (found === undefined) throw new Error(`no ${kind}`);
    return found;
  };
  expect(the('ServiceAccount').metadata.annotations).toMatchObject({
    'iam.gke.io/gcp-service-account': 'shop-billing@synthesized.iam.gserviceaccount.com',
  });
  const deployment = JSON.stringify(the('Deployment'));
  for (const [name, value] of [
    ['CACHE', '10.0.0.3'],
    ['DATABASE', '10.0.0.2'],
    ['KAFKA', 'bootstrap.shop.europe-west4.managedkafka.mailroom-prod.cloud.goog:9092'],
  ])
    expect(deployment).toContain(JSON.stringify({ name, value }));
  const flows = (the('NetworkPolicy')['spec'] as { readonly egress: readonly unknown[] }).egress;
  const cidrs = JSON.stringify(flows);
  for (const cidr of ['169.254.169.254/32', environment.ranges.nodes, environment.ranges.managedServices])
    expect(cidrs).toContain(cidr);
});
