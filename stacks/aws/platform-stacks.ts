import type { Topology } from '@penstock/model';
import { type App, Stack } from 'aws-cdk-lib';
import { ArtifactStore } from '../../constructs/aws/artifact-store.ts';
import { AuroraPostgres } from '../../constructs/aws/aurora-postgres.ts';
import { DataKey } from '../../constructs/aws/data-key.ts';
import { MskCluster } from '../../constructs/aws/msk-cluster.ts';
import { CLUSTER_ENDPOINTS, Network } from '../../constructs/aws/network.ts';
import { PlatformBudget } from '../../constructs/aws/platform-budget.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { RabbitMqBroker } from '../../constructs/aws/rabbitmq-broker.ts';
import { ValkeyCache } from '../../constructs/aws/valkey-cache.ts';
import { Binding } from '../../constructs/binding.ts';
import type { AwsEnvironment, DataEnvironment } from '../environments/aws-environment.ts';
import { clusterStack } from './cluster-stack.ts';
import { enginesStack, WEIGHTS_ADDRESS } from './engines-stack.ts';
import { observabilityStack } from './observability-stack.ts';
import { copiedImages } from './platform-in-cluster.ts';
import { addressPrefix, artifactPrefix, environmentName, stackOf } from './stack-of.ts';
import { workloadsStack } from './workloads-stack.ts';

/** Artifacts have no environment: what was tested in one is what runs in the next, by the same digest. */
export function artifactStack(app: App, topology: Topology, environments: readonly AwsEnvironment[]): Stack {
  const stack = new Stack(app, `${topology.name}-artifacts`, {
    description: `Images and model weights of ${topology.name}`,
    terminationProtection: true,
  });
  const copies = environments.flatMap(copiedImages).map((image) => image.split(':')[0] as string);
  const { nodes } = new ArtifactStore(stack, 'Artifacts', { topology, copies: [...new Set(copies)].toSorted() });
  new PublishedBindings(stack, 'Addresses', {
    prefix: artifactPrefix(topology),
    values: { [WEIGHTS_ADDRESS]: Binding.of(nodes.weights.bucketName) },
  });
  return stack;
}

/** What one environment has: a stack each for what changes at a rate of its own. */
export function environmentStacks(app: App, topology: Topology, environment: AwsEnvironment, artifacts: Stack): void {
  const network = networkStack(app, topology, environment);
  const data =
    environment.data === undefined ? undefined : dataStack(app, topology, environment, environment.data, network);
  const engines = enginesStack(app, topology, environment, network);
  const cluster = clusterStack(app, topology, environment, network);
  const workloads = workloadsStack(app, topology, environment, cluster);
  // They read addresses by parameter, which CDK does not take for a dependency.
  engines?.addStackDependency(artifacts);
  for (const before of [data, engines]) if (before !== undefined) workloads.addStackDependency(before);
  if (environment.observability !== undefined)
    // Where samples go has to be known before somebody sends some.
    workloads.addStackDependency(observabilityStack(app, topology, environment, environment.observability));
  const spending = stackOf(app, topology, environment, 'spending', { description: 'What the platform may cost' });
  new PlatformBudget(spending, 'Budget', { topology, environment: environment.name, ...environment.budget });
}

/** Where those listen who serve engines: what asks them stays inside of the network. */
const RUNTIMES = { sagemaker: 'sagemaker.runtime', bedrock: 'bedrock-runtime' } as const;

/** Changes hardly ever; everything else refers to it. */
function networkStack(app: App, topology: Topology, environment: AwsEnvironment): Network {
  const stack = stackOf(app, topology, environment, 'network', {
    description: 'Network of the platform',
    terminationProtection: true,
  });
  const invoked = Object.values(environment.serving ?? {}).map(({ by }) => RUNTIMES[by]);
  return new Network(stack, 'Network', {
    discovery: environmentName(topology, environment),
    ...environment.network,
    endpoints: [...CLUSTER_ENDPOINTS, ...new Set(invoked)],
  });
}

/** Changes with care: a resource that is replaced here is data that is gone from the platform. */
function dataStack(
  app: App,
  topology: Topology,
  environment: AwsEnvironment,
  data: DataEnvironment,
  network: Network,
): Stack {
  const stack = stackOf(app, topology, environment, 'data', {
    description: 'Brokers and stores of the platform',
    terminationProtection: true,
  });
  const name = environmentName(topology, environment);
  const { key } = new DataKey(stack, 'Key', { description: `Data of ${name}` });
  const addresses: Record<string, Binding<string>> = { 'data-key': Binding.of(key.keyArn) };
  if (data.kafka !== undefined && Object.keys(topology.topics).length > 0) {
    const kafka = new MskCluster(stack, 'Kafka', { topology, name, network, key, kind: data.kafka });
    addresses['kafka'] = kafka.bootstrap;
    addresses['kafka-arn'] = Binding.of(kafka.nodes.cluster.ref);
  }
  if (data.database !== undefined) {
    const database = new AuroraPostgres(stack, 'Database', { name, network, key, ...data.database });
    addresses['database'] = database.host;
    addresses['database-readers'] = database.readerHost;
    addresses['database-secret'] = Binding.of(database.administrator.lower().key);
    // Rights to connect name the cluster by an id of its own, which no name is part of.
    addresses['database-resource'] = Binding.of(database.nodes.cluster.clusterResourceIdentifier);
  }
  if (data.cache !== undefined) {
    addresses['cache'] = new ValkeyCache(stack, 'Cache', { name, network, key, ...data.cache }).host;
  }
  if (data.rabbitMq !== undefined) {
    const rabbitMq = new RabbitMqBroker(stack, 'RabbitMq', { name, network, key, ...data.rabbitMq });
    addresses['rabbitmq'] = rabbitMq.url;
    addresses['rabbitmq-secret'] = Binding.of(rabbitMq.administrator.lower().key);
  }
  new PublishedBindings(stack, 'Addresses', { prefix: addressPrefix(topology, environment), values: addresses });
  return stack;
}
