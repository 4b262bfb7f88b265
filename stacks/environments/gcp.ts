import { dev as devCluster } from './dev.ts';
import type { BrokerEnvironment, KubernetesEnvironment, TracesEnvironment } from './kubernetes-environment.ts';
import { prod as prodCluster } from './prod.ts';

/** What runs in a cluster of Google Cloud. Images and weights lie in the registry of the artifacts. */
export interface GcpWorkloads
  extends Omit<
    KubernetesEnvironment,
    'images' | 'weights' | 'accounts' | 'reaches' | 'outsideEngines' | 'prometheus' | 'traces'
  > {
  /** Traces go to Cloud Trace. @default - nobody traces */
  readonly traces?: Pick<TracesEnvironment, 'image' | 'kept'>;
  /** Tag of each service's image, by the name it declares. */
  readonly versions: Readonly<Record<string, string>>;
  /** Key, in Secret Manager, of what the authority of the platform's own servers signs by. @default - its store and its issuer are there already */
  readonly authorityKey?: string;
}

/** Of GKE's own classes. Its `standard` binds a volume before it is known in which zone the pod will be. */
type DiskClass = 'standard-rwo' | 'premium-rwo';

/**
 * GKE brings collectors of its own, in a namespace of theirs; rules are evaluated and queries answered outside of the
 * cluster.
 */
function onGoogle(
  cluster: KubernetesEnvironment,
  storageClass: DiskClass,
): Omit<KubernetesEnvironment, 'prometheus' | 'traces'> {
  const { prometheus: _none, nats, effects, traces: _elsewhere, ...rest } = cluster;
  return {
    ...rest,
    nats: 'cluster' in nats ? { cluster: brokerOnGoogle(nats.cluster, storageClass) } : nats,
    effects: { ...effects, storageClass },
    collector: 'google-managed',
    monitoringNamespace: 'gke-gmp-system',
  };
}

const COLLECTOR = 'registry.example.com/otel/opentelemetry-collector-contrib:0.159.0';

/** Its secrets by names without folders, which Secret Manager does not have. */
function brokerOnGoogle(broker: BrokerEnvironment, storageClass: DiskClass): BrokerEnvironment {
  const named = <K extends { readonly seed: string }>(key: K): K => ({ ...key, seed: key.seed.replaceAll('/', '-') });
  return {
    ...broker,
    storage: { ...broker.storage, storageClass },
    operator: named(broker.operator),
    clients: Object.fromEntries(Object.entries(broker.clients).map(([id, key]) => [id, named(key)])),
  };
}

const collected = ({ traces }: KubernetesEnvironment): Pick<GcpWorkloads, 'traces'> =>
  traces === undefined ? {} : { traces: { image: COLLECTOR, kept: traces.kept } };

const dev: GcpWorkloads = {
  ...onGoogle(devCluster, 'standard-rwo'),
  ...collected(devCluster),
  versions: { 'mail-classifier': '0.1.0', 'inference-engine': '0.1.0' },
};

const prod: GcpWorkloads = {
  ...onGoogle(prodCluster, 'premium-rwo'),
  ...collected(prodCluster),
  versions: { 'mail-classifier': '0.1.0', 'inference-engine': '0.1.0' },
  authorityKey: 'internal-authority-key',
};

/** By the names that `Pulumi.<stack>.yaml` says. */
export const gcpWorkloads: Readonly<Record<string, GcpWorkloads>> = { dev, prod };
