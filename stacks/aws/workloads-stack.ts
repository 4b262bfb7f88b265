import type { Topology } from '@penstock/model';
import type { App, Stack } from 'aws-cdk-lib';
import { type Chart, App as ClusterApp } from 'cdk8s';
import { AwsFoundationChart } from '../../charts/aws-foundation.ts';
import { AwsNodesChart, type AwsNodesChartProps } from '../../charts/aws-nodes.ts';
import { ClusterManifests } from '../../constructs/aws/cluster-manifests.ts';
import type { EksCluster } from '../../constructs/aws/eks-cluster.ts';
import { EksKubectl } from '../../constructs/aws/eks-kubectl.ts';
import { HelmReleases } from '../../constructs/aws/helm-releases.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { Binding } from '../../constructs/binding.ts';
import type { Manifest } from '../../constructs/policies/index.ts';
import { SecretReference } from '../../constructs/secret-reference.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import type { KubernetesEnvironment } from '../environments/index.ts';
import { platformApp } from '../kubernetes/platform-app.ts';
import { CLUSTER_ADDRESSES } from './cluster-stack.ts';
import { identitiesOf } from './identities.ts';
import { machinePools, zonesFor } from './machine-zones.ts';
import { operatorsFor } from './operators.ts';
import { brokerIn, platformInCluster, secretStoreOf } from './platform-in-cluster.ts';
import { servedByCluster } from './served-engines.ts';
import { addressPrefix, environmentName, stackOf } from './stack-of.ts';

/** Changes with every release: what runs in the cluster, the operators it needs, and what it may do in AWS. */
export function workloadsStack(app: App, topology: Topology, environment: AwsEnvironment, cluster: EksCluster): Stack {
  const stack = stackOf(app, topology, environment, 'workloads', { description: 'What runs in the cluster' });
  const { machines, platform } = clusterObjects(stack, topology, environment);
  const kubectl = new EksKubectl(stack, 'Kubectl', { cluster });
  const { target } = kubectl;
  const identities = identitiesOf(stack, topology, environment, cluster);
  const nodes = new ClusterManifests(stack, 'Machines', { target, manifests: machines });
  const operators = new HelmReleases(stack, 'Operators', {
    kubectl,
    releases: operatorsFor(stack, topology, environment, platform),
    after: [nodes, ...identities],
  });
  new ClusterManifests(stack, 'Platform', { target, manifests: platform, after: [operators] });
  return stack;
}

/** What goes into a cluster: first what lets EKS Auto Mode buy machines, for no operator runs without one. */
export function clusterObjects(
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
): { readonly machines: readonly Manifest[]; readonly platform: readonly Manifest[] } {
  const kubernetes = platformInCluster(stack, topology, environment);
  const charts = runsSomething(servedByCluster(topology, environment))
    ? platformApp(topology, kubernetes)
    : new ClusterApp();
  foundationChart(stack, charts, topology, environment, kubernetes);
  const auto = environment.cluster.compute.mode === 'auto';
  const nodes = nodesChart(stack, charts, topology, environment);
  return {
    machines: auto && nodes !== undefined ? manifestsOf(nodes) : [],
    platform: charts.charts.filter((chart) => !auto || chart !== nodes).flatMap(manifestsOf),
  };
}

/** Of topics alone others make what runs. */
const runsSomething = ({ workers, engines, httpServices, schedules, migrations }: Topology): boolean =>
  [workers, engines, httpServices, schedules, migrations].some((section) => Object.keys(section).length > 0);

const manifestsOf = (chart: Chart): readonly Manifest[] => chart.toJson() as Manifest[];

function foundationChart(
  stack: Stack,
  charts: ClusterApp,
  topology: Topology,
  { cluster, workloads }: AwsEnvironment,
  { namespace, effects }: KubernetesEnvironment,
): void {
  const broker = brokerIn(workloads);
  const stored = (key: string): SecretReference => SecretReference.inStore({ key: Binding.of(key) });
  const issuer =
    broker === undefined || workloads.authorityKey === undefined
      ? undefined
      : {
          name: broker.issuer.name,
          certificate: stored(broker.secrets.authority),
          key: stored(workloads.authorityKey),
        };
  const classes = [effects.storageClass, ...(broker === undefined ? [] : [broker.storage.storageClass])];
  new AwsFoundationChart(charts, '0-foundation', {
    topology,
    storageClasses: [...new Set(classes)],
    driver: cluster.compute.mode === 'auto' ? 'auto-mode' : 'add-on',
    ...(issuer === undefined && workloads.reads === undefined
      ? {}
      : {
          secrets: {
            region: Binding.of(stack.region),
            store: secretStoreOf(workloads).name,
            namespaces: [namespace, ...(broker === undefined ? [] : [broker.namespace])],
            ...(issuer === undefined ? {} : { issuer }),
          },
        }),
  });
}

/** Undefined where groups of machines are the cluster's own. */
function nodesChart(
  stack: Stack,
  charts: ClusterApp,
  topology: Topology,
  environment: AwsEnvironment,
): AwsNodesChart | undefined {
  const { compute, reservations = {} } = environment.cluster;
  const gpus = machinePools(topology, environment).map((pool) => ({
    ...pool,
    reservation: reservations[pool.machine.name]?.id,
    zones: zonesFor(pool.machine.name, environment).zones,
  }));
  const by = broughtBy(compute);
  if (by === undefined || (by.mode === 'karpenter' && gpus.length === 0)) return undefined;
  return new AwsNodesChart(charts, '0-nodes', {
    by,
    gpus,
    cluster: {
      role: PublishedBindings.read(stack, addressPrefix(topology, environment), CLUSTER_ADDRESSES.nodeRole),
      discovery: Binding.of(environmentName(topology, environment)),
    },
  });
}

function broughtBy(compute: AwsEnvironment['cluster']['compute']): AwsNodesChartProps['by'] | undefined {
  if (compute.mode === 'auto') return { mode: 'auto', maxCpus: compute.maxCpus };
  return compute.gpus.by === 'karpenter' ? { mode: 'karpenter', image: compute.gpus.image } : undefined;
}
