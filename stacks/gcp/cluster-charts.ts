import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
import { type AddonName, addonsFor, type NeededAddon } from '../../charts/addons.ts';
import { helmValues } from '../../charts/helm-values.ts';
import type { ObservabilityChart } from '../../charts/observability.ts';
import { workloadSecrets } from '../../charts/workloads.ts';
import type { ArtifactPlaces } from '../../constructs/gcp/artifact-store.ts';
import { type ClusterAddon, ClusterAddons, type HelmChart } from '../../constructs/gcp/cluster-addons.ts';
import { ClusterManifests } from '../../constructs/gcp/cluster-manifests.ts';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import { KubernetesAccess } from '../../constructs/gcp/kubernetes-access.ts';
import type { MetricsReader } from '../../constructs/gcp/metrics-reader.ts';
import type { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { type Flow, secretPath, tcp } from '../../constructs/kubernetes/index.ts';
import { LateBindings } from '../../constructs/late-bindings.ts';
import type { WatchedPlatform } from '../../constructs/monitoring/platform-rules.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import type { KubernetesEnvironment } from '../environments/index.ts';
import { platformApp } from '../kubernetes/platform-app.ts';
import { certificates, secretsChart } from './cluster-secrets.ts';
import { tracesEnvironment } from './cluster-traces.ts';
import type { DataServices } from './data-services.ts';
import type { GcpEnvironment } from './environment.ts';
import { CERTIFICATE, type VertexEngines } from './vertex-engines.ts';

type Operators = Readonly<Partial<Record<AddonName, WorkloadIdentity | MetricsReader>>>;

/** What the objects of a platform are told by what is beside them. */
export interface ClusterSurroundings {
  readonly cluster: GkeCluster;
  readonly artifacts: ArtifactPlaces;
  readonly data: DataServices;
  readonly vertex: VertexEngines;
  /** By the id of the workload. */
  readonly identities: Readonly<Record<string, WorkloadIdentity>>;
  /** What pods may have to be placed on. */
  readonly pools: readonly Resource[];
  /** Who operators are on Google Cloud, by the names of their add-ons. */
  readonly operators: Operators;
  /** Who the collector of traces is. */
  readonly sender: WorkloadIdentity | undefined;
}

/** The server that gives pods the tokens of their accounts, on every node. */
const METADATA_SERVER: Flow = { peer: { cidr: '169.254.169.254/32' }, ports: [tcp(80)] };

/** By it GKE knows which account of Google one of the cluster becomes. */
const ACCOUNT_ANNOTATION = 'iam.gke.io/gcp-service-account';

/** GKE brings its own of these. */
const BY_GKE: readonly AddonName[] = ['gateway-api', 'nvidia-device-plugin', 'dcgm-exporter', 'kube-prometheus-stack'];

/**
 * Operators and objects of a platform in its cluster: what the charts make anywhere, with the addresses, accounts and
 * images of this one filled in when they are known. What it returns is to be watched from outside.
 */
export function clusterCharts(
  topology: Topology,
  environment: GcpEnvironment,
  surroundings: ClusterSurroundings,
  options: ComponentResourceOptions,
): readonly WatchedPlatform[] {
  const { name } = topology;
  const { cluster, pools, operators, sender } = surroundings;
  const bindings = new LateBindings<Output<string>>();
  const settings = kubernetesEnvironment(topology, environment, surroundings, bindings);
  const app = platformApp(topology, settings);
  secretsChart(app, topology, environment);
  const { charts } = app;
  const manifests = charts.flatMap((chart) => chart.toJson() as Manifest[]);
  const access = new KubernetesAccess(name, { cluster }, options);
  const addons = new ClusterAddons(name, { access, addons: installed(manifests, operators) }, options);
  new ClusterManifests(
    name,
    {
      access,
      manifests,
      bindings,
      environment: environment.environment,
      after: [...pools, addons, ...Object.values(operators), ...(sender === undefined ? [] : [sender])],
    },
    options,
  );
  return (
    charts
      // To cdk8s every chart is an instance of every class of charts.
      .filter((chart): chart is ObservabilityChart => 'monitoring' in chart)
      .map(({ monitoring }) => monitoring.watched)
  );
}

/** As any cluster has one, with placeholders where another resource knows better. */
function kubernetesEnvironment(
  topology: Topology,
  environment: GcpEnvironment,
  { artifacts, data, vertex, identities, sender }: ClusterSurroundings,
  bindings: LateBindings<Output<string>>,
): KubernetesEnvironment {
  const {
    workloads: { traces: _made, ...workloads },
    ranges,
  } = environment;
  const late = (value: Output<string>): string => bindings.bind(value).lower();
  const registry = late(artifacts.registry);
  const engines = Object.values<ResolvedInferenceEngine>(topology.engines);
  const users = [...new Set([...Object.keys(workloads.addresses), ...data.users])];
  return {
    ...workloads,
    ...tracesEnvironment(environment, sender === undefined ? {} : { [ACCOUNT_ANNOTATION]: late(sender.email) }, [
      METADATA_SERVER,
    ]),
    images: mapValues(workloads.versions, (tag, service) => `${registry}/${service}:${tag}`),
    weights: Object.fromEntries(
      engines.map(({ id, model }) => [id, `${registry}/models/${model.id}:${model.revision}`]),
    ),
    addresses: Object.fromEntries(
      users.map((id) => [
        id,
        { ...workloads.addresses[id], ...mapValues(data.variablesOf(id), (address) => late(address.lower())) },
      ]),
    ),
    prometheus: {
      url: `https://monitoring.googleapis.com/v1/projects/${environment.project.id}/location/global/prometheus`,
      identity: 'gcp',
    },
    outsideEngines: mapValues(
      vertex.addresses((caller) => `${secretPath(workloadSecrets(caller))}/${CERTIFICATE.file}`),
      (addresses) => mapValues(addresses, late),
    ),
    secrets: { ...workloads.secrets, ...certificates(environment, vertex) },
    accounts: mapValues(identities, ({ email }) => ({ [ACCOUNT_ANNOTATION]: late(email) })),
    reaches: mapValues(identities, (_identity, id) => [
      METADATA_SERVER,
      ...data.flowsOf(id, ranges),
      ...vertex.flowsOf(id),
    ]),
  };
}

const installed = (manifests: readonly Manifest[], operators: Operators): readonly ClusterAddon[] =>
  addonsFor(manifests)
    .filter(({ name }) => !BY_GKE.includes(name))
    .map((addon) => {
      const operator = operators[addon.name];
      return addonOf(addon, operator === undefined ? {} : (KNOWN_AS[addon.name]?.(operator.email) ?? {}));
    });

function addonOf({ name, version, namespace, source }: NeededAddon, settings: HelmChart['values']): ClusterAddon {
  if (source.kind === 'manifest') return { name, manifestUrl: source.url };
  const { repository, chart, values } = source;
  const given = { ...helmValues(values), ...settings };
  return { name, namespace: namespace ?? name, repository, chart, version, values: given };
}

/** An operator as an account of Google, in the values that its chart has for it. */
const KNOWN_AS: Readonly<Partial<Record<AddonName, (email: Output<string>) => HelmChart['values']>>> = {
  'external-secrets': (email) => ({ serviceAccount: { annotations: { [ACCOUNT_ANNOTATION]: email } } }),
  keda: (email) => ({ podIdentity: { gcp: { enabled: true, gcpIAMServiceAccount: email } } }),
};

const mapValues = <T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T, key: string) => U,
): Readonly<Record<string, U>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
