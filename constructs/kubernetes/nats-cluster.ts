import type { Bytes } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ConstructError } from '../errors.ts';
import { emit, type Override } from './api-object.ts';
import { configFingerprint } from './config-fingerprint.ts';
import { oneAtATime } from './disruption-budget.ts';
import type { Footprint } from './footprint.ts';
import type { ImageReference } from './image.ts';
import { byteQuantity } from './lowering.ts';
import { EXPORTER_PORT, hostOf, NATS_PORTS, type NatsDurability, natsConfig, storeOf } from './nats-config.ts';
import type { NatsClient } from './nats-permissions.ts';
import { type NatsTls, natsFootprint, natsPods } from './nats-pods.ts';
import { NatsService } from './nats-service.ts';
import { DNS, networkPolicy, type Peer, tcp } from './network-flow.ts';

/** One server has one disk: nothing on it is durable. */
export type NatsSize =
  | { readonly servers: 3 | 5; readonly durability: NatsDurability }
  | { readonly servers: 1; readonly durability: 'best-effort' };

interface CommonProps {
  /** @default 'nats' */
  readonly name?: string;
  /** Has to be there, and held to the restricted Pod Security Standard. */
  readonly namespace: string;
  /** Account of the streams and of every client. */
  readonly account: string;
  readonly clients: readonly NatsClient[];
  readonly images: { readonly server: ImageReference; readonly exporter: ImageReference };
  /** Of each server; a claim cannot be made smaller, and a storage class that can grow it is wise. */
  readonly storage: { readonly storageClass: string; readonly size: Bytes };
  /** Of each server. */
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /** Its certificate has to be for `namesOf` the cluster, and for clients too: servers show it to each other. @default - no encryption */
  readonly tls?: NatsTls;
  /** Who connects: workers, publishers, and the operator that makes the streams. */
  readonly clientNamespaces: readonly string[];
  /** Who reads the lag. @default 'keda' */
  readonly scalerNamespace?: string;
  /** Who scrapes. @default 'monitoring' */
  readonly monitoringNamespace?: string;
  readonly overrides?: Readonly<Partial<Record<keyof NatsClusterNodes, Override>>>;
}

export type NatsClusterProps = CommonProps & NatsSize;

export interface NatsClusterNodes {
  readonly config: ApiObject;
  readonly serviceAccount: ApiObject;
  readonly headlessService: ApiObject;
  readonly service: ApiObject;
  readonly statefulSet: ApiObject;
  readonly disruptionBudget: ApiObject;
  readonly networkPolicy: ApiObject;
}

/**
 * A NATS cluster with JetStream: one server a zone, each on a volume of its own. Streams and consumers are not its
 * business: `JetStreamQueue` declares them and NACK makes them.
 */
export class NatsCluster extends Construct {
  readonly nodes: NatsClusterNodes;
  /** How the rest of the platform knows it. */
  readonly service: NatsService;
  /** What the streams may take of each server together. */
  readonly store: Bytes;

  /** Every name that clients and servers call a server by. */
  static namesOf(props: Pick<NatsClusterProps, 'name' | 'namespace' | 'servers'>): readonly string[] {
    const name = props.name ?? DEFAULT_NAME;
    const service = `${name}.${props.namespace}.svc`;
    const servers = Array.from({ length: props.servers }, (_, server) => hostOf(name, server));
    return [`${service}.cluster.local`, service, ...servers];
  }

  /** What its namespace has to hold. */
  static footprintOf({ servers, resources }: Pick<NatsClusterProps, 'servers' | 'resources'>): Footprint {
    return natsFootprint(servers, resources);
  }

  /** @throws {ConstructError} `durability-unavailable` when one server is asked to keep what it has acknowledged */
  constructor(scope: Construct, id: string, props: NatsClusterProps) {
    super(scope, id);
    const name = props.name ?? DEFAULT_NAME;
    const { servers, durability, namespace, overrides } = props;
    if ((servers as number) === 1 && durability !== 'best-effort') {
      throw new ConstructError(
        'durability-unavailable',
        `NATS cluster ${name}`,
        `received ${durability} on 1 server, expected 3 or 5 servers, or durability 'best-effort'`,
      );
    }
    this.service = new NatsService({
      name,
      namespace,
      account: props.account,
      replicas: servers,
      syncInterval: durability === 'fsync' ? 'always' : 'periodic',
    });
    this.store = storeOf(props.storage.size);
    const labels = this.service.podLabels;
    const metadata = (suffix = '') => ({
      name: `${name}${suffix}`,
      namespace,
      labels: {
        ...labels,
        'app.kubernetes.io/component': 'broker',
        'app.kubernetes.io/managed-by': 'penstock',
      },
    });
    const text = natsConfig({
      name,
      servers,
      durability,
      storage: props.storage.size,
      account: props.account,
      clients: props.clients,
      encrypted: props.tls !== undefined,
    });
    this.nodes = {
      config: emit(
        this,
        'config',
        k8s.KubeConfigMap.manifest({ metadata: metadata('-config'), data: { 'nats.conf': text } }),
        overrides?.config,
      ),
      serviceAccount: emit(
        this,
        'service-account',
        k8s.KubeServiceAccount.manifest({ metadata: metadata(), automountServiceAccountToken: false }),
        overrides?.serviceAccount,
      ),
      headlessService: emit(
        this,
        'headless-service',
        headless(metadata('-headless'), labels),
        overrides?.headlessService,
      ),
      service: emit(this, 'service', clientService(metadata(), labels), overrides?.service),
      statefulSet: emit(
        this,
        'stateful-set',
        statefulSet(props, name, metadata(), labels, configFingerprint(text)),
        overrides?.statefulSet,
      ),
      disruptionBudget: emit(
        this,
        'disruption-budget',
        // A stream of three copies answers with two.
        oneAtATime(metadata(), labels),
        overrides?.disruptionBudget,
      ),
      networkPolicy: networkPolicy(this, 'network-policy', metadata(), rules(props, labels), overrides?.networkPolicy),
    };
  }
}

const DEFAULT_NAME = 'nats';

type Labels = Readonly<Record<string, string>>;

const portOf = (name: string, port: number): k8s.ServicePort => ({
  name,
  port,
  targetPort: k8s.IntOrString.fromString(name),
});

/** Every pod by name, ready or not: servers have to find each other before any of them is ready. */
const headless = (metadata: k8s.ObjectMeta, selector: Labels): unknown =>
  k8s.KubeService.manifest({
    metadata,
    spec: {
      clusterIp: 'None',
      publishNotReadyAddresses: true,
      selector,
      ports: Object.entries(NATS_PORTS).map(([port, number]) => portOf(port, number)),
    },
  });

const clientService = (metadata: k8s.ObjectMeta, selector: Labels): unknown =>
  k8s.KubeService.manifest({
    metadata,
    spec: { type: 'ClusterIP', selector, ports: [portOf('client', NATS_PORTS.client)] },
  });

function statefulSet(
  props: NatsClusterProps,
  name: string,
  metadata: k8s.ObjectMeta,
  labels: Labels,
  configFingerprint: string,
): unknown {
  const { storage, servers } = props;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: {
      serviceName: `${name}-headless`,
      replicas: servers,
      // All at once: one server alone has no majority and never gets ready.
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      // Deleting or shrinking the set must not delete what was acknowledged.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: labels },
      template: natsPods({
        name,
        labels,
        servers,
        images: props.images,
        resources: props.resources,
        configFingerprint,
        ...(props.tls === undefined ? {} : { tls: props.tls }),
      }),
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: storage.storageClass,
            resources: { requests: { storage: byteQuantity(storage.size) } },
          },
        },
      ],
    },
  };
}

/** Clients, each other, the scaler on every server, and who scrapes. */
function rules(props: NatsClusterProps, labels: Labels) {
  const from = (peer: Peer, port: number) => ({ peer, ports: [tcp(port)] });
  const servers = from({ pods: labels }, NATS_PORTS.cluster);
  return {
    pods: labels,
    ingress: [
      ...props.clientNamespaces.map((namespace) => from({ namespace }, NATS_PORTS.client)),
      servers,
      from({ namespace: props.scalerNamespace ?? 'keda' }, NATS_PORTS.monitor),
      from({ namespace: props.monitoringNamespace ?? 'monitoring' }, EXPORTER_PORT),
    ],
    egress: [servers, DNS],
  };
}
