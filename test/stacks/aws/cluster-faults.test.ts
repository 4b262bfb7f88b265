import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ADDONS, type AddonSource } from '../../../charts/addons.ts';
import { environmentFaults } from '../../../stacks/aws/environment-faults.ts';
import { awsEnvironments } from '../../../stacks/environments/aws.ts';
import type { AwsEnvironment, DataEnvironment } from '../../../stacks/environments/aws-environment.ts';
import type { BrokerEnvironment, EdgeEnvironment } from '../../../stacks/environments/index.ts';
import { platform } from '../../../stacks/platform.ts';
import { type FaultCase, testFaults } from './fault-cases.ts';
import { full } from './shop.ts';

const { prod } = awsEnvironments as Readonly<Record<'prod', AwsEnvironment>>;
const { cluster: servers } = prod.workloads.nats as { readonly cluster: BrokerEnvironment };
const { classify } = servers.clients;

const having = (workloads: Partial<AwsEnvironment['workloads']>): AwsEnvironment => ({
  ...prod,
  workloads: { ...prod.workloads, ...workloads },
});
const broker = (facts: object): AwsEnvironment => having({ nats: { cluster: { ...servers, ...facts } } });
const database = (facts: object): AwsEnvironment => ({
  ...prod,
  data: { database: { ...(full.data?.database as NonNullable<DataEnvironment['database']>), ...facts } },
});
const cluster = (facts: object): AwsEnvironment => ({ ...prod, cluster: { ...prod.cluster, ...facts } });
const observed = (facts: object): AwsEnvironment => ({
  ...prod,
  observability: { ...(prod.observability as NonNullable<AwsEnvironment['observability']>), ...facts },
});
const edge = (id: string): EdgeEnvironment => ({
  className: 'envoy',
  issuer: servers.issuer,
  dataPlaneNamespace: 'envoy-gateway-system',
  servers: { [id]: { hostname: 'embed.example.com', match: { paths: ['/v1/embeddings'] } as never } },
});

/** One fault each, in what an environment says of its cluster and of what runs there. */
const CASES: readonly FaultCase[] = [
  [
    'a database that shrinks below what Aurora has',
    platform,
    database({ capacity: { kind: 'serverless', minimumUnits: 0.25, maximumUnits: 8 } }),
    'resources-too-small',
    'data.database.capacity',
    '0.25 to 8',
  ],
  [
    'a database whose most is less than its least',
    platform,
    database({ capacity: { kind: 'serverless', minimumUnits: 8, maximumUnits: 4 } }),
    'resources-too-small',
    'data.database.capacity',
    '8 to 4',
  ],
  [
    'a worker that has no key for its queue',
    platform,
    broker({ clients: {} }),
    'reference-missing',
    'workloads.nats.cluster.clients.classify',
    'nothing',
  ],
  [
    'a key of somebody who has no queue',
    platform,
    broker({ clients: { classify, embedder: classify } }),
    'reference-missing',
    'workloads.nats.cluster.clients.embedder',
    'embedder',
  ],
  [
    'a queue that is not there as one to publish to',
    platform,
    broker({ publishers: [{ namespace: 'intake', publicKey: 'U', queues: ['letters'] }] }),
    'reference-missing',
    'workloads.nats.cluster.publishers.intake',
    'letters',
  ],
  [
    'servers whose disks hold less than the queues may',
    platform,
    broker({ storage: { ...servers.storage, size: '1 GiB' } }),
    'storage-too-small',
    'workloads.nats.cluster',
    '3 servers with 1 GiB each',
  ],
  [
    'a way in to what is not there',
    platform,
    having({ edge: edge('writer'), present: ['gateway-api'] }),
    'reference-missing',
    'workloads.edge.servers.writer',
    'writer',
  ],
  [
    'a way in by definitions that nobody brought',
    platform,
    having({ edge: edge('embedder') }),
    'reference-missing',
    'workloads.present',
    'nothing',
  ],
  [
    'a control plane that is open to all',
    platform,
    cluster({ endpoint: { kind: 'public', from: ['0.0.0.0/0'] } }),
    'exposed-to-all',
    'cluster.endpoint.from',
    '0.0.0.0/0',
  ],
  [
    'system nodes in fewer than all zones',
    platform,
    cluster({ compute: { ...prod.cluster.compute, system: { minimum: 2 } } }),
    'durability-unavailable',
    'cluster.compute.system.minimum',
    '2',
  ],
  [
    'samples that go before an objective has looked at them',
    platform,
    observed({ retentionDays: 0 }),
    'window-too-short',
    'observability.retentionDays',
    '0',
  ],
  [
    'more than all of the traces',
    platform,
    observed({ traces: { indexedPercentage: 101 } }),
    'quantity-malformed',
    'observability.traces.indexedPercentage',
    '101',
  ],
];

describe('an environment of AWS', () => {
  testFaults(CASES);

  test('says which command brings definitions that have no chart', () => {
    const [fault] = environmentFaults(platform, having({ edge: edge('embedder') }));
    expect(fault?.repair).toMatch(/^kubectl apply --server-side --filename https:.*standard-install\.yaml, /);
  });

  test('is told in the README how each file without a chart is applied', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../stacks/aws/README.md'), 'utf8');
    const sources: readonly AddonSource[] = Object.values(ADDONS).map(({ source }) => source);
    const files = sources.flatMap((source) => (source.kind === 'manifest' ? [source.url] : []));
    expect(files).toHaveLength(2);
    for (const file of files) expect(readme).toContain(`kubectl apply --server-side --filename ${file}`);
    const { source, version } = ADDONS['cert-manager'];
    expect(readme).toContain(`--repo ${(source as { readonly repository: string }).repository} --version ${version}`);
  });

  test('may have a way in where somebody brought them', () => {
    expect(environmentFaults(platform, having({ edge: edge('embedder'), present: ['gateway-api'] }))).toEqual([]);
  });
});
