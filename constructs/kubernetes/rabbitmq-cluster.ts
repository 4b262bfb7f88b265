import { Bytes } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import { rabbitmqCluster } from './crd/rabbitmq-cluster.ts';
import { oneAtATime } from './disruption-budget.ts';
import type { ImageReference } from './image.ts';
import { byteQuantity, resourceRequirements } from './lowering.ts';
import { DNS, type Flow, networkPolicy, type Peer, tcp, tcpRange } from './network-flow.ts';
import { keepApart } from './placement.ts';
import { RABBITMQ_PORTS, rabbitMqConfig, STREAM_REPLICATION_PORTS } from './rabbitmq-config.ts';
import { rabbitMqPods, SCRATCH } from './rabbitmq-pods.ts';
import { RabbitMqService } from './rabbitmq-service.ts';

/** What a confirmed message survives. One node has one disk: nothing on it is replicated. */
export type RabbitMqSize =
  | { readonly nodes: 3 | 5; readonly durability: 'replicated' }
  | { readonly nodes: 1; readonly durability: 'best-effort' };

interface CommonProps {
  /** @default 'rabbitmq' */
  readonly name?: string;
  /** Has to be there, and held to the restricted Pod Security Standard. */
  readonly namespace: string;
  /** 4.2.4 or newer: its startup is asked for over HTTP, and it finds its peers without the API server. */
  readonly image: ImageReference;
  /** Of each node, at least twice its memory; a claim cannot be made smaller. */
  readonly storage: { readonly storageClass: string; readonly size: Bytes };
  /** Of each node; at least 2 GiB of memory. */
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /**
   * Secret with `tls.crt` and `tls.key`, e.g. of a cert-manager Certificate: clients are let in by TLS alone. What the
   * nodes say to each other stays plain, and only they may reach those ports. @default - no encryption
   */
  readonly tlsSecret?: string;
  /** Secret with `username`, `password`, and both as `default_user.conf`. @default - the operator makes one */
  readonly defaultUserSecret?: string;
  readonly clientNamespaces: readonly string[];
  /** Who reads the length of queues. @default 'keda' */
  readonly scalerNamespace?: string;
  /** Who scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  readonly overrides?: Readonly<Partial<Record<keyof RabbitMqClusterNodes, Override>>>;
}

export type RabbitMqClusterProps = CommonProps & RabbitMqSize;

export interface RabbitMqClusterNodes {
  readonly cluster: ApiObject;
  readonly disruptionBudget: ApiObject;
  readonly networkPolicy: ApiObject;
}

/** A RabbitMQ cluster of quorum queues, made by its operator: one node a zone, each on a volume of its own. */
export class RabbitMqCluster extends Construct {
  readonly nodes: RabbitMqClusterNodes;
  /** How the rest of the platform knows it. */
  readonly service: RabbitMqService;

  /** @throws {ConstructError} `durability-unavailable` for one node that is to be replicated, `resources-too-small` */
  constructor(scope: Construct, id: string, props: RabbitMqClusterProps) {
    super(scope, id);
    const { nodes, namespace, resources, storage, tlsSecret, defaultUserSecret, overrides } = props;
    const name = props.name ?? 'rabbitmq';
    check(name, props);
    const tls = tlsSecret !== undefined;
    this.service = new RabbitMqService({
      name,
      namespace,
      nodes,
      tls,
      ...(defaultUserSecret === undefined ? {} : { defaultUserSecret }),
    });
    const { podLabels } = this.service;
    const metadata = {
      name,
      namespace,
      labels: {
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/component': 'broker',
        'app.kubernetes.io/managed-by': 'penstock',
      },
    };
    const annotations = nodes > 1 ? {} : ALONE;
    const placement = nodes > 1 ? keepApart(podLabels) : {};
    this.nodes = {
      cluster: rabbitmqCluster(
        this,
        'cluster',
        {
          metadata: { ...metadata, annotations },
          spec: {
            replicas: nodes,
            image: props.image.text,
            delayStartSeconds: DELAY_START_SECONDS,
            terminationGracePeriodSeconds: nodes > 1 ? GRACE_SECONDS : GRACE_ALONE_SECONDS,
            service: { type: 'ClusterIP' },
            persistence: { storageClassName: storage.storageClass, storage: byteQuantity(storage.size) },
            resources: k8s.toJson_ResourceRequirements(
              resourceRequirements({ ...resources, ephemeralStorage: SCRATCH.times(2) }),
            ),
            ...(placement.affinity === undefined ? {} : { affinity: k8s.toJson_Affinity(placement.affinity) }),
            ...(tlsSecret === undefined ? {} : { tls: { secretName: tlsSecret, disableNonTLSListeners: true } }),
            ...(defaultUserSecret === undefined
              ? {}
              : { secretBackend: { externalSecret: { name: defaultUserSecret } } }),
            rabbitmq: { additionalConfig: rabbitMqConfig({ memory: resources.memory, tls }) },
            override: {
              statefulSet: { spec: rabbitMqPods({ spread: placement.topologySpreadConstraints ?? [], tls }) },
            },
          },
        },
        overrides?.cluster,
      ),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        // A queue of three members answers with two.
        oneAtATime(metadata, podLabels),
        overrides?.disruptionBudget,
      ),
      networkPolicy: networkPolicy(
        this,
        'network-policy',
        metadata,
        rules(props, this.service),
        overrides?.networkPolicy,
      ),
    };
  }
}

/** CoreDNS remembers for up to half a minute that a pod has no name; a node that asks too early stays alone. */
const DELAY_START_SECONDS = 30;
/**
 * A week. Before a node goes it waits until no queue would lose its majority by that, and ends at once when none does:
 * whatever cut this short would stop queues to end a node on time. What drains machines has its own patience.
 */
const GRACE_SECONDS = 604_800;
/** Nobody takes over from the only one. */
const GRACE_ALONE_SECONDS = 60;
const ALONE = { [suppressionOf('rabbitmq-quorum')]: "one node by choice: its durability is 'best-effort'" };
/** The write-ahead log alone holds 512 MiB in memory, and publishers wait from half of it all. */
const LEAST_MEMORY = Bytes.parse('2 GiB');

function check(name: string, { nodes, durability, resources, storage }: RabbitMqClusterProps): void {
  const where = `RabbitMQ cluster ${name}`;
  if ((nodes as number) === 1 && durability !== 'best-effort') {
    throw new ConstructError(
      'durability-unavailable',
      where,
      `received ${durability} on 1 node, expected 3 or 5 nodes, or durability 'best-effort'`,
    );
  }
  if (resources.memory.bytes < LEAST_MEMORY.bytes) {
    throw new ConstructError(
      'resources-too-small',
      where,
      `received ${resources.memory} of memory, expected at least ${LEAST_MEMORY}`,
    );
  }
  if (storage.size.bytes < 2 * resources.memory.bytes) {
    throw new ConstructError(
      'resources-too-small',
      where,
      `received a volume of ${storage.size}, expected at least ${resources.memory.times(2)}: publishers are stopped while less than its memory (${resources.memory}) is free`,
    );
  }
}

/** Clients, the scaler on what it may be told to ask, who scrapes, and the nodes among themselves. */
function rules(props: RabbitMqClusterProps, { podLabels, clientPort, managementPort }: RabbitMqService) {
  const from = (peer: Peer, ...ports: Flow['ports']): Flow => ({ peer, ports });
  const { from: first, to: last } = STREAM_REPLICATION_PORTS;
  const nodes = from(
    { pods: podLabels },
    tcp(RABBITMQ_PORTS.epmd),
    tcp(RABBITMQ_PORTS.distribution),
    tcpRange(first, last),
  );
  return {
    pods: podLabels,
    ingress: [
      ...props.clientNamespaces.map((namespace) => from({ namespace }, tcp(clientPort))),
      nodes,
      from({ namespace: props.scalerNamespace ?? 'keda' }, tcp(clientPort), tcp(managementPort)),
      from({ namespace: props.monitoringNamespace ?? 'monitoring' }, tcp(RABBITMQ_PORTS.prometheus)),
    ],
    egress: [nodes, DNS],
  };
}
