import { beforeAll, describe, expect, test } from '@jest/globals';
import { Bytes } from '@penstock/model';
import { all, isSecret, type Output, output, runtime, secret } from '@pulumi/pulumi';
import { App as CdkApp, CfnResource, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { App } from 'cdk8s';
import { WorkloadsChart } from '../../charts/workloads.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import { ImageReference, NatsService, Weights } from '../../constructs/kubernetes/index.ts';
import { LateBindings } from '../../constructs/late-bindings.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { platform } from '../../stacks/platform.ts';

// The charts of the platform, with one address that another engine knows only after deployment.

const image = ImageReference.parse('registry.example.com/a:1.0.0');

function workloads(address: Binding<string>): readonly Manifest[] {
  const chart = new WorkloadsChart(new App(), 'workloads', {
    topology: platform,
    namespace: 'mailroom',
    nats: new NatsService({ namespace: 'nats', replicas: 3, syncInterval: 'periodic' }),
    imageOf: () => image,
    weightsOf: () => Weights.image(image),
    addressesOf: () => ({ PENSTOCK_ARCHIVE: address }),
    effects: { storageClass: 'standard', size: Bytes.parse('1 GiB') },
    monitoringNamespace: 'monitoring',
  });
  return chart.toJson() as Manifest[];
}

const plain = workloads(Binding.of('s3.example.com'));
/** The manifests as they would be if the address had been known from the start. */
const withAddress = (address: unknown) =>
  JSON.parse(JSON.stringify(plain).replaceAll('"s3.example.com"', JSON.stringify(address)));

describe('a CDK token', () => {
  test('goes through the charts and is resolved by CloudFormation where it was placed, and nowhere else', () => {
    const stack = new Stack(new CdkApp({ analyticsReporting: false }), 'cluster');
    const bucket = new CfnBucket(stack, 'Archive');
    expect(Token.isUnresolved(bucket.attrDomainName)).toBe(true);
    const manifests = workloads(Binding.of(bucket.attrDomainName));
    expect(stack.resolve(manifests)).toEqual(withAddress({ 'Fn::GetAtt': ['Archive', 'DomainName'] }));
  });

  test('reaches a template as a reference inside of the text that a cluster is given', () => {
    const stack = new Stack(new CdkApp({ analyticsReporting: false }), 'cluster');
    const bucket = new CfnBucket(stack, 'Archive');
    const manifests = workloads(Binding.of(bucket.attrDomainName));
    // As the EKS constructs hand manifests to their custom resource.
    new CfnResource(stack, 'Manifests', {
      type: 'Custom::Manifests',
      properties: { Manifest: stack.toJsonString(manifests) },
    });
    const { Resources: resources } = Template.fromStack(stack).toJSON() as {
      Resources: { Manifests: { Properties: { Manifest: { 'Fn::Join': [string, unknown[]] } } } };
    };
    const [, parts] = resources.Manifests.Properties.Manifest['Fn::Join'];
    expect(parts).toContainEqual({ 'Fn::GetAtt': ['Archive', 'DomainName'] });
    const text = parts.map((part) => (typeof part === 'string' ? part : 's3.example.com')).join('');
    expect(JSON.parse(text)).toEqual(plain);
  });
});

describe('a Pulumi output', () => {
  beforeAll(() => runtime.setMocks({ newResource: () => ({ id: 'id', state: {} }), call: () => ({}) }));

  const settled = <T>(value: Output<T>): Promise<T> => new Promise((resolve) => value.apply(resolve));
  const later = (text: string): Output<string> =>
    output(new Promise<string>((resolve) => setTimeout(() => resolve(text), 5)));

  test('goes through the charts as a placeholder and is there once it is known', async () => {
    const late = new LateBindings<Output<string>>();
    const manifests = workloads(late.bind(later('archive.storage.example.com')));
    expect(JSON.stringify(manifests)).not.toContain('archive.storage.example.com');
    const filled = await settled(all([...late.values]).apply((values) => late.fill(manifests, values)));
    expect(filled).toEqual(withAddress('archive.storage.example.com'));
  });

  test('is found inside of longer texts, and several are told apart', async () => {
    const late = new LateBindings<Output<string>>();
    const hosts = Array.from({ length: 12 }, (_, n) => later(`host-${n}`));
    const urls = hosts.map((host) => `nats://${late.bind(host).lower()}:4222`);
    expect(urls.map((url) => new URL(url).port)).toEqual(urls.map(() => '4222'));
    const filled = await settled(all([...late.values]).apply((values) => late.fill({ urls }, values)));
    expect(filled).toEqual({ urls: hosts.map((_, n) => `nats://host-${n}:4222`) });
  });

  test('is placed where it belongs and leaves everything else known, and only its own text a secret', async () => {
    const late = new LateBindings<Output<string>>();
    const placed = late.place(
      { host: late.bind(later('a')).lower(), key: [`k=${late.bind(secret('hidden')).lower()}`], port: 1, kind: 'Pod' },
      (values, fill) => all([...values]).apply(fill),
    ) as { host: Output<string>; key: [Output<string>]; port: number; kind: string };
    expect([placed.port, placed.kind]).toEqual([1, 'Pod']);
    expect(await settled(placed.host)).toBe('a');
    expect(await settled(placed.key[0])).toBe('k=hidden');
    expect([await isSecret(placed.host), await isSecret(placed.key[0])]).toEqual([false, true]);
  });

  test('bound twice is one placeholder', () => {
    const late = new LateBindings<Output<string>>();
    const host = later('host');
    expect(late.bind(host).lower()).toBe(late.bind(host).lower());
    expect(late.values).toHaveLength(1);
  });

  test('that is a secret keeps what it was filled into a secret', async () => {
    const late = new LateBindings<Output<string>>();
    const manifests = workloads(late.bind(secret('hidden')));
    const filled = all([...late.values]).apply((values) => late.fill(manifests, values));
    expect(await isSecret(filled)).toBe(true);
  });

  test('rejects a placeholder that belongs to other bindings', () => {
    const address = new LateBindings<Output<string>>().bind(later('host')).lower();
    let error: unknown;
    try {
      new LateBindings<Output<string>>().fill({ address }, []);
    } catch (thrown) {
      error = thrown;
    }
    expect(ConstructError.is(error, 'reference-missing')).toBe(true);
  });
});
