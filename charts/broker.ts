import type { Bytes, Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConstructError } from '../constructs/errors.ts';
import {
  type ImageReference,
  type IssuerReference,
  NamespaceBaseline,
  NatsCluster,
  type NatsClusterProps,
  type NatsKeys,
  type NatsSize,
  natsClientsOf,
  ServerCertificate,
} from '../constructs/kubernetes/index.ts';

export type BrokerChartProps = NatsSize & {
  readonly topology: Topology;
  /** Of the servers alone. */
  readonly namespace: string;
  readonly keys: NatsKeys;
  readonly images: NatsClusterProps['images'] & { readonly reloader: ImageReference };
  readonly storage: NatsClusterProps['storage'];
  readonly resources: NatsClusterProps['resources'];
  /** Has to sign by an authority that the clients know. */
  readonly issuer: IssuerReference;
  /** Who connects. */
  readonly clientNamespaces: readonly string[];
  readonly monitoringNamespace: string;
  /** Disk that each stream may take on every server. */
  readonly streamSize: Bytes;
};

/** Of its items, and of its dead letters. */
const STREAMS_PER_QUEUE = 2;

/** The servers that keep the queues, in a namespace of their own: encrypted, and open to whom the topology knows. */
export class BrokerChart extends Chart {
  readonly cluster: NatsCluster;

  /** @throws {ConstructError} `storage-too-small`, `reference-missing` */
  constructor(scope: Construct, id: string, props: BrokerChartProps) {
    super(scope, id);
    const { topology, namespace, storage, servers } = props;
    new NamespaceBaseline(this, 'baseline', {
      topology,
      name: namespace,
      footprints: [NatsCluster.footprintOf(props)],
      claims: { count: servers, storage: storage.size.times(servers) },
    });
    const certificate = new ServerCertificate(this, 'certificate', {
      topology,
      name: 'nats',
      namespace,
      hostnames: NatsCluster.namesOf(props),
      issuer: props.issuer,
    });
    this.cluster = new NatsCluster(this, 'cluster', {
      ...(servers === 1 ? { servers, durability: props.durability } : { servers, durability: props.durability }),
      namespace,
      account: topology.name,
      clients: natsClientsOf(topology, props.keys),
      images: props.images,
      storage,
      resources: props.resources,
      tls: { secret: certificate.secret, reloader: props.images.reloader },
      clientNamespaces: props.clientNamespaces,
      monitoringNamespace: props.monitoringNamespace,
    });
    const queues = Object.keys(topology.queues).length;
    const needed = props.streamSize.times(queues * STREAMS_PER_QUEUE);
    if (needed.isLargerThan(this.cluster.store)) {
      throw new ConstructError(
        'storage-too-small',
        `NATS cluster in ${namespace}`,
        `received volumes of ${storage.size} that keep ${this.cluster.store} of streams, expected room for ${needed}: ${STREAMS_PER_QUEUE} streams of ${props.streamSize} for each of ${queues} queues`,
      );
    }
  }
}
