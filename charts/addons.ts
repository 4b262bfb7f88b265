import { GPU_CLASS_LABEL, GPU_RESOURCE, GPU_SHARING_LABEL } from '@penstock/model';
import { ConstructError } from '../constructs/errors.ts';
import { DEVICE_PLUGIN_CONFIG } from '../constructs/kubernetes/device-plugin-config.ts';
import { isGpuPool, usesGpu } from '../constructs/policies/gpu.ts';
import { type Manifest, podsOf } from '../constructs/policies/manifest.ts';

/** Where an add-on is installed from: always one version of it, never whatever is newest. */
export type AddonSource =
  | { readonly kind: 'helm'; readonly repository: string; readonly chart: string; readonly values?: HelmValues }
  | { readonly kind: 'manifest'; readonly url: string };

/** Settings without which the platform's objects have no effect, by their path in the chart's values. */
type HelmValues = Readonly<Record<string, string | boolean>>;

export interface Addon {
  /** Version of the chart, or of the release where there is none. */
  readonly version: string;
  /** Left out: it brings definitions only. */
  readonly namespace?: string;
  readonly source: AddonSource;
  /** The definitions it brings, as `plural.group`. Other objects of these groups cannot be applied before. */
  readonly crds: readonly string[];
  /** Add-ons that have to run before it can. */
  readonly needs: readonly string[];
}

const helm = (repository: string, chart: string, values?: HelmValues): AddonSource => ({
  kind: 'helm',
  repository,
  chart,
  ...(values === undefined ? {} : { values }),
});

const manifest = (url: string): AddonSource => ({ kind: 'manifest', url });

const crds = (group: string, ...plurals: readonly string[]): readonly string[] =>
  plurals.map((plural) => `${plural}.${group}`);

const NODE_TERMS = 'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';

/** What belongs to the node tolerates what keeps others off it. */
const TOLERATES_GPU_NODES: HelmValues = Object.fromEntries(
  [GPU_RESOURCE, GPU_SHARING_LABEL].flatMap((key, n) => [
    [`tolerations[${n}].key`, key],
    [`tolerations[${n}].operator`, 'Exists'],
  ]),
);

/** The operators that the objects of a platform are made for, each at the version they were written against. */
export const ADDONS = {
  'gateway-api': {
    version: '1.7.0',
    source: manifest('https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.7.0/standard-install.yaml'),
    crds: crds(
      'gateway.networking.k8s.io',
      'gatewayclasses',
      'gateways',
      'grpcroutes',
      'httproutes',
      'referencegrants',
    ),
    needs: [],
  },
  'cert-manager': {
    version: 'v1.21.2',
    namespace: 'cert-manager',
    source: helm('https://charts.jetstack.io', 'cert-manager', { 'crds.enabled': true }),
    crds: crds('cert-manager.io', 'certificaterequests', 'certificates', 'clusterissuers', 'issuers'),
    needs: [],
  },
  'external-secrets': {
    version: '2.0.0',
    namespace: 'external-secrets',
    source: helm('https://charts.external-secrets.io', 'external-secrets'),
    crds: crds('external-secrets.io', 'clustersecretstores', 'externalsecrets', 'pushsecrets', 'secretstores'),
    needs: [],
  },
  'kube-prometheus-stack': {
    version: '82.16.0',
    namespace: 'monitoring',
    // Unless told so, its Prometheus takes only what carries the label of its own release: no alert would ever fire.
    source: helm('https://prometheus-community.github.io/helm-charts', 'kube-prometheus-stack', {
      'prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues': false,
      'prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues': false,
      'prometheus.prometheusSpec.ruleSelectorNilUsesHelmValues': false,
      'grafana.sidecar.dashboards.searchNamespace': 'ALL',
    }),
    crds: crds('monitoring.coreos.com', 'podmonitors', 'prometheusrules', 'servicemonitors'),
    needs: [],
  },
  keda: {
    version: '2.20.1',
    namespace: 'keda',
    source: helm('https://kedacore.github.io/charts', 'keda'),
    crds: crds('keda.sh', 'clustertriggerauthentications', 'scaledjobs', 'scaledobjects', 'triggerauthentications'),
    needs: [],
  },
  nack: {
    version: '0.36.0',
    namespace: 'nats',
    // Only its control loop reads Accounts, by which every platform says where its servers are.
    source: helm('https://nats-io.github.io/k8s/helm/charts', 'nack', { 'jetstream.controlLoop': true }),
    crds: crds('jetstream.nats.io', 'accounts', 'consumers', 'keyvalues', 'objectstores', 'streams', 'streamtemplates'),
    needs: [],
  },
  strimzi: {
    version: '1.2.0',
    namespace: 'strimzi',
    source: helm('oci://quay.io/strimzi-helm', 'strimzi-kafka-operator', { watchAnyNamespace: true }),
    crds: crds('kafka.strimzi.io', 'kafkanodepools', 'kafkas', 'kafkatopics', 'kafkausers'),
    needs: [],
  },
  // Asks Strimzi to move a broker that a drain wants to evict, and refuses the eviction.
  'strimzi-drain-cleaner': {
    version: '1.6.0',
    namespace: 'strimzi-drain-cleaner',
    source: helm('oci://quay.io/strimzi-helm', 'strimzi-drain-cleaner'),
    crds: [],
    // The certificate of its webhook is cert-manager's.
    needs: ['cert-manager'],
  },
  'rabbitmq-operator': {
    version: '2.22.3',
    namespace: 'rabbitmq-system',
    source: manifest('https://github.com/rabbitmq/cluster-operator/releases/download/v2.22.3/cluster-operator.yml'),
    crds: crds('rabbitmq.com', 'rabbitmqclusters'),
    // Since 2.20 the certificates of its webhooks are cert-manager's.
    needs: ['cert-manager'],
  },
  'cloudnative-pg': {
    // Of the chart; the operator is 1.30.0.
    version: '0.29.0',
    namespace: 'cnpg-system',
    source: helm('https://cloudnative-pg.github.io/charts', 'cloudnative-pg'),
    crds: crds(
      'postgresql.cnpg.io',
      'backups',
      'clusters',
      'databases',
      'poolers',
      'publications',
      'scheduledbackups',
      'subscriptions',
    ),
    needs: [],
  },
  'barman-cloud': {
    // Of the chart; the plugin is 0.13.0.
    version: '0.7.0',
    namespace: 'cnpg-system',
    source: helm('https://cloudnative-pg.github.io/charts', 'plugin-barman-cloud'),
    crds: crds('barmancloud.cnpg.io', 'objectstores'),
    // It speaks to the operator by certificates of cert-manager.
    needs: ['cert-manager', 'cloudnative-pg'],
  },
  // Grows the groups of machines that a cloud keeps, where Karpenter brings none.
  'cluster-autoscaler': {
    version: '9.59.0',
    namespace: 'kube-system',
    source: helm('https://kubernetes.github.io/autoscaler', 'cluster-autoscaler', {
      // One minor version of Kubernetes each. The one that the chart names is not in its registry any more.
      'image.tag': 'v1.36.1',
      'rbac.serviceAccount.name': 'cluster-autoscaler',
    }),
    crds: [],
    needs: [],
  },
  karpenter: {
    version: '1.14.0',
    namespace: 'kube-system',
    source: helm('oci://public.ecr.aws/karpenter', 'karpenter'),
    crds: [...crds('karpenter.sh', 'nodeclaims', 'nodepools'), ...crds('karpenter.k8s.aws', 'ec2nodeclasses')],
    needs: [],
  },
  kueue: {
    version: '0.17.0',
    namespace: 'kueue-system',
    source: helm('oci://registry.k8s.io/kueue/charts', 'kueue'),
    crds: crds('kueue.x-k8s.io', 'clusterqueues', 'localqueues', 'resourceflavors'),
    needs: [],
  },
  lws: {
    version: '0.9.0',
    namespace: 'lws-system',
    source: helm('oci://registry.k8s.io/lws/charts', 'lws'),
    crds: crds('leaderworkerset.x-k8s.io', 'leaderworkersets'),
    needs: [],
  },
  'nvidia-device-plugin': {
    version: '0.18.2',
    namespace: 'nvidia-device-plugin',
    // The chart goes where this label is, which is where the image of the node has no plugin: docs/adr/0006-device-plugin-by-its-chart.md.
    source: helm('https://nvidia.github.io/k8s-device-plugin', 'nvidia-device-plugin', TOLERATES_GPU_NODES),
    crds: [],
    needs: [],
  },
  'dcgm-exporter': {
    version: '4.8.1',
    namespace: 'monitoring',
    // It runs on the node and names the pod that holds a device: those names have to survive the scrape.
    source: helm('https://nvidia.github.io/dcgm-exporter/helm-charts', 'dcgm-exporter', {
      'serviceMonitor.enabled': true,
      'serviceMonitor.honorLabels': true,
      ...TOLERATES_GPU_NODES,
      // Unless told so it starts on every node, and fails where there is no device.
      ...Object.fromEntries(
        [GPU_CLASS_LABEL, 'cloud.google.com/gke-accelerator', 'nvidia.com/gpu.present'].flatMap((label, n) => [
          [`${NODE_TERMS}[${n}].matchExpressions[0].key`, label],
          [`${NODE_TERMS}[${n}].matchExpressions[0].operator`, 'Exists'],
        ]),
      ),
    }),
    crds: [],
    needs: ['kube-prometheus-stack', 'nvidia-device-plugin'],
  },
} as const satisfies Readonly<Record<string, Addon>>;

export type AddonName = keyof typeof ADDONS;

export interface NeededAddon extends Addon {
  readonly name: AddonName;
  /** Kinds of the platform that it is there for; empty when another add-on needs it. */
  readonly kinds: readonly string[];
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '');
const groupsOf = ({ crds: owned }: Addon): ReadonlySet<string> =>
  new Set(owned.map((name) => name.slice(name.indexOf('.') + 1)));

/** The add-on that defines an object's kind; undefined for Kubernetes's own and for kinds that no add-on here defines. */
export function addonOf({ apiVersion }: Pick<Manifest, 'apiVersion'>): AddonName | undefined {
  const group = groupOf(apiVersion);
  return ALL.find((name) => groupsOf(ADDONS[name]).has(group));
}

const ALL = Object.keys(ADDONS) as AddonName[];

/** The same as the policies see: devices, slices and claims of pods, and nodes that have them. */
const needsDevices = (object: Manifest): boolean => isGpuPool(object) || podsOf(object).some(usesGpu);

/** A plugin that is to run by configurations which are not there never starts: it is told of them when they are. */
const configured = (manifests: readonly Manifest[]): boolean =>
  manifests.some(
    ({ kind, metadata: { name, namespace } }) =>
      kind === 'ConfigMap' && name === DEVICE_PLUGIN_CONFIG.name && namespace === DEVICE_PLUGIN_CONFIG.namespace,
  );

function sourceOf(name: AddonName, manifests: readonly Manifest[]): AddonSource {
  const { source }: Addon = ADDONS[name];
  if (name !== 'nvidia-device-plugin' || source.kind !== 'helm' || !configured(manifests)) return source;
  return {
    ...source,
    values: { ...source.values, 'config.name': DEVICE_PLUGIN_CONFIG.name, 'config.default': 'whole' },
  };
}

/** One that no object of a platform names: whoever brings its machines knows of it. */
export const addonNamed = (name: AddonName): NeededAddon => ({ name, ...ADDONS[name], kinds: [] });

/**
 * The add-ons that a platform's objects need, each after those it needs itself.
 *
 * @throws {ConstructError} `dependency-cycle`
 */
export function addonsFor(manifests: readonly Manifest[]): readonly NeededAddon[] {
  const kinds = new Map<AddonName, Set<string>>();
  const need = (name: AddonName, kind: string | undefined): void => {
    const known = kinds.get(name);
    if (known !== undefined && kind === undefined) return;
    kinds.set(name, new Set([...(known ?? []), ...(kind === undefined ? [] : [kind])]));
    for (const other of ADDONS[name].needs) need(other, undefined);
  };
  for (const object of manifests) {
    const name = addonOf(object);
    if (name !== undefined) need(name, object.kind);
    if (name === 'strimzi' && object.kind === 'Kafka') need('strimzi-drain-cleaner', object.kind);
    if (needsDevices(object)) {
      need('nvidia-device-plugin', object.kind);
      need('dcgm-exporter', object.kind);
    }
  }
  return inOrder([...kinds.keys()], ADDONS).map((name) => ({
    name,
    ...ADDONS[name],
    source: sourceOf(name, manifests),
    kinds: [...(kinds.get(name) ?? [])].toSorted(),
  }));
}

/**
 * Each after what it needs, in the order of the alphabet where nothing else decides.
 *
 * @throws {ConstructError} `dependency-cycle`
 */
export function inOrder<Name extends string>(
  names: readonly Name[],
  catalogue: Readonly<Record<Name, Pick<Addon, 'needs'>>>,
): readonly Name[] {
  const waiting = new Set<Name>(names.toSorted());
  const ordered: Name[] = [];
  while (waiting.size > 0) {
    const next = [...waiting].find((name) => catalogue[name].needs.every((needed) => !waiting.has(needed as Name)));
    if (next === undefined)
      throw new ConstructError('dependency-cycle', 'add-ons', `${[...waiting].join(', ')} need each other`);
    waiting.delete(next);
    ordered.push(next);
  }
  return ordered;
}
