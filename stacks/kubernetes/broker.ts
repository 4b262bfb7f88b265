import { Bytes, type Topology } from '@penstock/model';
import type { App } from 'cdk8s';
import { BrokerChart } from '../../charts/broker.ts';
import { Binding } from '../../constructs/binding.ts';
import { ConstructError } from '../../constructs/errors.ts';
import { ImageReference, type NatsAccess, NatsService } from '../../constructs/kubernetes/index.ts';
import { SecretReference } from '../../constructs/secret-reference.ts';
import type { BrokerEnvironment, KubernetesEnvironment } from '../environments/index.ts';

/** The servers of a platform's queues, and how its parts get in. */
export interface Broker {
  readonly nats: NatsService;
  /** Undefined where the servers let anyone in. */
  readonly access: NatsAccess | undefined;
}

type BrokerPlace = Pick<KubernetesEnvironment, 'name' | 'namespace' | 'nats' | 'monitoringNamespace' | 'streamSize'>;

/** Makes the chart of the servers where they are the platform's own. */
export function brokerOf(app: App, id: string, topology: Topology, environment: BrokerPlace): Broker {
  if ('existing' in environment.nats) return { nats: new NatsService(environment.nats.existing), access: undefined };
  const { cluster } = environment.nats;
  const { operator, clients, publishers = [], images, storage, resources, ...same } = cluster;
  const chart = new BrokerChart(app, id, {
    ...same,
    topology,
    keys: {
      operator: operator.publicKey,
      workloads: Object.fromEntries(Object.entries(clients).map(([workload, { publicKey }]) => [workload, publicKey])),
      publishers,
    },
    images: {
      server: ImageReference.parse(images.server),
      exporter: ImageReference.parse(images.exporter),
      reloader: ImageReference.parse(images.reloader),
    },
    storage: { ...storage, size: Bytes.parse(storage.size) },
    resources: { ...resources, memory: Bytes.parse(resources.memory) },
    clientNamespaces: [
      ...new Set([environment.namespace, operator.namespace, ...publishers.map(({ namespace }) => namespace)]),
    ],
    monitoringNamespace: environment.monitoringNamespace,
    streamSize: Bytes.parse(environment.streamSize),
  });
  return { nats: chart.cluster.service, access: accessOf(environment.name, cluster) };
}

function accessOf(environment: string, { secrets, operator, clients }: BrokerEnvironment): NatsAccess {
  const stored = (key: string): SecretReference => SecretReference.inStore({ key: Binding.of(key) });
  return {
    store: secrets.store,
    authority: stored(secrets.authority),
    operator: stored(operator.seed),
    seedOf(workload) {
      const key = clients[workload];
      if (key !== undefined) return stored(key.seed);
      throw new ConstructError(
        'reference-missing',
        `environment ${environment}`,
        `no nats.cluster.clients[${JSON.stringify(workload)}]`,
      );
    },
  };
}
