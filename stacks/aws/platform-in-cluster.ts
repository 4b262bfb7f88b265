import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import type { Stack } from 'aws-cdk-lib';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { traceEndpoint } from '../../constructs/aws/trace-search.ts';
import type { Flow } from '../../constructs/kubernetes/index.ts';
import { tcp } from '../../constructs/kubernetes/network-flow.ts';
import type { AwsEnvironment, PublishedAddress, PublishedSecret } from '../environments/aws-environment.ts';
import type { BrokerEnvironment, KubernetesEnvironment } from '../environments/index.ts';
import { engineCalls, invocationVariables } from './invocations.ts';
import { askersIn } from './served-engines.ts';
import { addressPrefix } from './stack-of.ts';

/** Where what Amazon runs is listening. */
const PORTS: Readonly<Record<PublishedAddress, number>> = {
  kafka: 9098,
  database: 5432,
  'database-readers': 5432,
  cache: 6379,
  rabbitmq: 5671,
};

/**
 * The cluster of an environment as its charts see it: images and weights in the registry of its account, and addresses
 * of what Amazon runs as they are when the stack is deployed.
 */
export function platformInCluster(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
): KubernetesEnvironment {
  const { versions, finds = {}, reads = {}, users = {}, invokes = {}, traces, ...kubernetes } = environment.workloads;
  const registry = `${stack.account}.dkr.ecr.${stack.region}.${stack.urlSuffix}/${topology.name}`;
  const engines = Object.values<ResolvedInferenceEngine>(topology.engines);
  const broker = brokerIn(kubernetes);
  const addressOf = (name: PublishedAddress): string =>
    PublishedBindings.read(stack, addressPrefix(topology, environment), name).lower();
  const keptIn = (name: PublishedSecret) => ({
    key: PublishedBindings.read(stack, addressPrefix(topology, environment), secretOf(name)).lower(),
    property: name.slice(name.indexOf('-') + 1),
  });
  const asking = Object.fromEntries(askersIn(topology, environment).map((workload) => [workload, true]));
  const found = mapped({ ...finds, ...invokes }, (_, workload) => ({
    ...kubernetes.addresses[workload],
    ...mapped(finds[workload] ?? {}, addressOf),
    ...invocationVariables(stack, topology, environment, workload),
  }));
  return {
    ...kubernetes,
    name: environment.name,
    ...(traces === undefined
      ? {}
      : {
          traces: {
            image: `${registry}/${traces.image}`,
            kept: traces.kept,
            backend: { kind: 'x-ray', endpoint: traceEndpoint(stack).lower(), region: stack.region },
            // X-Ray by the endpoint that the network has of it.
            reaches: [flowTo(environment, [HTTPS]), IDENTITY_AGENT],
          },
        }),
    images: mapped(versions, (tag, service) => `${registry}/${service}:${tag}`),
    nats: broker === undefined ? kubernetes.nats : { cluster: { ...broker, images: copiesIn(registry, broker) } },
    weights: Object.fromEntries(
      engines.map(({ id, model }) => [id, `${registry}/models/${model.id}:${model.revision}`]),
    ),
    outsideEngines: engineCalls(stack, topology, environment),
    addresses: { ...kubernetes.addresses, ...found },
    secrets: mapped(reads, (files) => ({ store: secretStoreOf(kubernetes), files: mapped(files, keptIn) })),
    reaches: mapped({ ...kubernetes.reaches, ...finds, ...users, ...asking }, (_, workload) => [
      ...(kubernetes.reaches?.[workload] ?? []),
      ...(finds[workload] === undefined ? [] : [flowTo(environment, portsOf(Object.values(finds[workload])))]),
      ...(asking[workload] === undefined ? [] : [flowTo(environment, [HTTPS])]),
      ...(users[workload] === undefined && asking[workload] === undefined ? [] : [IDENTITY_AGENT]),
    ]),
  };
}

/** Of the endpoints by which AWS is asked. */
const HTTPS = 443;

/** Where EKS Pod Identity lends a pod its rights: on its own node. */
const IDENTITY_AGENT: Flow = { peer: { cidr: '169.254.170.23/32' }, ports: [tcp(80)] };

/** Parameter that names the secret of a first user. */
export const secretOf = (name: PublishedSecret): string => `${name.split('-')[0]}-secret`;

/** Store of the cluster that the platform's secrets come from. */
export const secretStoreOf = (workloads: Pick<KubernetesEnvironment, 'nats'>): BrokerEnvironment['secrets']['store'] =>
  brokerIn(workloads)?.secrets.store ?? { name: 'platform', kind: 'ClusterSecretStore' };

/** Data stores and endpoints are in the network, at addresses that change: their own group says who gets in. */
const flowTo = ({ network }: AwsEnvironment, ports: readonly number[]): Flow => ({
  peer: { cidr: network.cidr },
  ports: ports.map(tcp),
});

const portsOf = (names: readonly PublishedAddress[]): readonly number[] => [
  ...new Set(names.map((name) => PORTS[name])),
];

const mapped = <T, U>(
  from: Readonly<Record<string, T>>,
  to: (value: T, key: string) => U,
): Readonly<Record<string, U>> => Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value, key)]));

const copiesIn = (registry: string, { images }: BrokerEnvironment): BrokerEnvironment['images'] => ({
  server: `${registry}/${images.server}`,
  exporter: `${registry}/${images.exporter}`,
  reloader: `${registry}/${images.reloader}`,
});

/** Images of others that an environment runs, each with its tag, as they are named where they come from. */
export function copiedImages({ workloads }: Pick<AwsEnvironment, 'workloads'>): readonly string[] {
  const broker = brokerIn(workloads);
  return [
    ...(broker === undefined ? [] : Object.values<string>(broker.images)),
    ...(workloads.traces === undefined ? [] : [workloads.traces.image]),
  ];
}

/** The servers of the platform's queues, where they are its own. */
export const brokerIn = ({ nats }: Pick<KubernetesEnvironment, 'nats'>): BrokerEnvironment | undefined =>
  'cluster' in nats ? nats.cluster : undefined;
