import { defineTopology, vllm } from '@penstock/model';
import type { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AlertTopics } from '../../../constructs/aws/alert-topics.ts';
import { ArtifactStore } from '../../../constructs/aws/artifact-store.ts';
import { AuroraPostgres, type AuroraPostgresProps } from '../../../constructs/aws/aurora-postgres.ts';
import { BedrockAccess } from '../../../constructs/aws/bedrock-access.ts';
import { DataKey } from '../../../constructs/aws/data-key.ts';
import { GpuNodePool } from '../../../constructs/aws/gpu-node-pool.ts';
import { KarpenterAccess } from '../../../constructs/aws/karpenter-access.ts';
import { ManagedGrafana } from '../../../constructs/aws/managed-grafana.ts';
import { ManagedPrometheus } from '../../../constructs/aws/managed-prometheus.ts';
import { MskCluster } from '../../../constructs/aws/msk-cluster.ts';
import type { MskKind } from '../../../constructs/aws/msk-kind.ts';
import { RabbitMqBroker } from '../../../constructs/aws/rabbitmq-broker.ts';
import { SageMakerEndpoint, type SageMakerServing } from '../../../constructs/aws/sagemaker-endpoint.ts';
import { ServiceAlarms } from '../../../constructs/aws/service-alarms.ts';
import { ServiceDashboard } from '../../../constructs/aws/service-dashboard.ts';
import { TelemetryAccess } from '../../../constructs/aws/telemetry-access.ts';
import { TraceSearch } from '../../../constructs/aws/trace-search.ts';
import { ValkeyCache, type ValkeyCacheProps } from '../../../constructs/aws/valkey-cache.ts';
import { WorkloadGrant } from '../../../constructs/aws/workload-grant.ts';
import { WorkloadIdentity } from '../../../constructs/aws/workload-identity.ts';
import { Binding } from '../../../constructs/binding.ts';
import { clusterStack } from './cluster-stack.ts';
import { dataStack } from './data-stack.ts';
import { EVERYTHING } from './watched-services.ts';

const topology = defineTopology({
  name: 'shop',
  queues: {},
  workers: {},
  topics: {
    orders: { arrivalRate: '1/s', consumers: { billing: { workTime: { mean: '20 milliseconds', p99: '1 second' } } } },
  },
  engines: {
    writer: {
      service: vllm,
      task: 'generation',
      accelerator: 'l4',
      model: { id: 'writer-8b', revision: '2026-08-01', weights: '8 GB', maxTokens: 4096, cachePerToken: '128 KiB' },
      tokenRate: '2000/s',
      tokensPerRequest: 500,
      doneWithin: '20 seconds',
      loadTime: '2 minutes',
      resources: { cpu: 2, memory: '12 GiB' },
    },
  },
});

type Parts = ReturnType<typeof dataStack>;

const kafka =
  (kind: MskKind) =>
  ({ stack, network, key }: Parts) =>
    new MskCluster(stack, 'Kafka', { topology, name: 'shop', network, key, kind });
const valkey =
  (kind: ValkeyCacheProps['kind']) =>
  ({ stack, network, key }: Parts) =>
    new ValkeyCache(stack, 'Cache', {
      name: 'shop',
      network,
      key,
      kind,
      users: { web: { keys: 'web:', access: 'write' } },
    });
const aurora =
  (capacity: AuroraPostgresProps['capacity']) =>
  ({ stack, network, key }: Parts) =>
    new AuroraPostgres(stack, 'Database', { name: 'shop', network, key, database: 'shop', capacity });
const sageMaker =
  (serving: SageMakerServing) =>
  ({ stack, network, key }: Parts) =>
    new SageMakerEndpoint(stack, 'Writer', {
      engine: topology.engines.writer,
      name: 'shop-writer',
      machine: 'ml.g6.2xlarge',
      serving,
      image: {
        repository: Repository.fromRepositoryName(stack, 'Images', 'shop/vllm'),
        digest: `sha256:${'0'.repeat(64)}`,
      },
      weights: Bucket.fromBucketName(stack, 'Weights', 'weights'),
      network,
      key,
    });

const DATA: readonly (readonly [name: string, make: (parts: Parts) => unknown])[] = [
  [
    'Kafka of provisioned brokers',
    kafka({
      kind: 'provisioned',
      version: '4.1.x.kraft',
      instance: 'kafka.m7g.large',
      storage: { initial: '10 GiB', maximum: '20 GiB' },
    }),
  ],
  ['Kafka of Express brokers', kafka({ kind: 'express', version: '4.2.x.kraft', instance: 'express.m7g.large' })],
  ['Kafka without servers', kafka({ kind: 'serverless', topics: 'made-in-cluster' })],
  ['Valkey on nodes', valkey({ kind: 'nodes', node: 'cache.r7g.large' })],
  ['Valkey without servers', valkey({ kind: 'serverless', maximumGigabytes: 10, maximumUnits: 5000 })],
  ['PostgreSQL without servers', aurora({ kind: 'serverless', minimumUnits: 1, maximumUnits: 2 })],
  ['PostgreSQL on machines', aurora({ kind: 'provisioned', instance: 'r8g.large' })],
  [
    'RabbitMQ',
    ({ stack, network, key }) =>
      new RabbitMqBroker(stack, 'Broker', { name: 'shop', network, key, version: '4.3', instance: 'mq.m7g.large' }),
  ],
  ['an endpoint that serves at once', sageMaker('real-time')],
  ['an endpoint that serves on demand', sageMaker('on-demand')],
  ['an endpoint that serves asynchronously', sageMaker('asynchronous')],
  [
    'Bedrock behind a guardrail',
    ({ stack, key }) => {
      const bedrock = new BedrockAccess(stack, 'Bedrock', {
        models: [{ model: 'writer-v1:0' }],
        guardrail: { name: 'shop', key, strength: 'HIGH', refusal: 'I cannot help with that.' },
      });
      const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('pods.eks.amazonaws.com') });
      new Policy(stack, 'Ask', { roles: [role], statements: [...bedrock.access().lower()] });
    },
  ],
  ['images and weights', ({ stack }) => new ArtifactStore(stack, 'Artifacts', { topology })],
];

/** The identity of a workload with every right there is. */
function identity(): Stack {
  const { stack, cluster } = clusterStack();
  const msk = Binding.of('arn:aws:kafka:eu-central-1:123456789012:cluster/shop/1');
  const queue = Queue.fromQueueArn(stack, 'Queue', 'arn:aws:sqs:eu-central-1:123456789012:work');
  new WorkloadIdentity(stack, 'Identity', {
    cluster,
    namespace: 'search',
    serviceAccount: 'reranker',
    grants: [
      WorkloadGrant.readWeights(Bucket.fromBucketName(stack, 'Weights', 'weights'), 'writer/2026-08-01/'),
      WorkloadGrant.consumeTopic({ cluster: msk, topic: 'orders', group: 'reranker' }),
      WorkloadGrant.produceTopic({ cluster: msk, topic: 'scores' }),
      WorkloadGrant.consumeQueue(queue),
      WorkloadGrant.sendToQueue(queue),
    ],
  });
  return stack;
}

function machines(): Stack {
  const { stack, cluster } = clusterStack();
  const capacity = { type: 'on-demand', machine: 'p5.48xlarge', fabric: { zone: 'eu-central-1a' } } as const;
  new GpuNodePool(stack, 'Gpus', { cluster, name: 'gpus', maximum: 4, gpu: 'h100', capacity });
  new KarpenterAccess(stack, 'Karpenter', { cluster });
  return stack;
}

function observability(): Stack {
  const { stack, cluster } = clusterStack();
  const { key } = new DataKey(stack, 'Key', { description: 'What is observed' });
  const emails = { page: ['oncall@example.com'], ticket: ['team@example.com'] };
  const topics = new AlertTopics(stack, 'Topics', { name: 'shop', key, emails });
  const watched = { topology, namespace: 'shop' };
  const prometheus = new ManagedPrometheus(stack, 'Prometheus', { name: 'shop', watched, topics, key });
  new ManagedGrafana(stack, 'Grafana', { name: 'shop', prometheus });
  new TraceSearch(stack, 'Traces', { name: 'shop', indexedPercentage: 5 });
  new TelemetryAccess(stack, 'Telemetry', {
    cluster,
    metrics: { namespace: 'monitoring', serviceAccount: 'prometheus', workspace: prometheus.workspace },
    traces: { namespace: 'monitoring', serviceAccount: 'collector' },
  });
  new ServiceAlarms(stack, 'Alarms', { name: 'shop', services: EVERYTHING, topics });
  new ServiceDashboard(stack, 'Dashboard', { name: 'shop', services: EVERYTHING });
  return stack;
}

/** A stack for each kind of what there is for AWS, made anew by each call: a template ends its app. */
export const STACKS: readonly (readonly [name: string, make: () => Stack])[] = [
  ...DATA.map(
    ([name, make]) =>
      [
        name,
        () => {
          const parts = dataStack();
          make(parts);
          return parts.stack;
        },
      ] as const,
  ),
  ['the identity of a workload', identity],
  ['what observes a platform', observability],
  ['a cluster with nodes', machines],
  ['a cluster of EKS Auto Mode', () => clusterStack({ compute: { mode: 'auto', version: '1.36' } }).stack],
];
