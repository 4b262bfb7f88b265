import type { Topology } from '@penstock/model';
import type { Stack } from 'aws-cdk-lib';
import { ADDONS } from '../../charts/addons.ts';
import type { HelmSettings } from '../../charts/helm-values.ts';
import type { EksCluster } from '../../constructs/aws/eks-cluster.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { TelemetryAccess } from '../../constructs/aws/telemetry-access.ts';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { OBSERVABILITY_ADDRESSES } from './observability-stack.ts';
import { addressPrefix } from './stack-of.ts';

/** Of Prometheus in the cluster, and of nobody else. */
const ACCOUNT = 'prometheus';

/** Of the collector of traces, as its chart names it. */
const traceAccount = ({ name }: Topology): string => `${name}-traces`;

/** What the scaler asks about is minutes old; everything else is asked of the workspace. */
const KEPT = '6h';

/**
 * Settings of the chart of Prometheus, by their paths, where a workspace of Amazon keeps what it scrapes: it writes
 * there, signed by its pod identity, and leaves rules and alerts to the workspace. It goes on answering the scaler, which
 * then needs neither a right nor a way out of the cluster.
 */
export const prometheusValues = (stack: Stack, topology: Topology, environment: AwsEnvironment): HelmSettings => ({
  'alertmanager.enabled': false,
  'defaultRules.create': false,
  'grafana.enabled': false,
  'prometheus.serviceAccount.name': ACCOUNT,
  'prometheus.prometheusSpec.retention': KEPT,
  // Rules that are evaluated twice are recorded twice. A namespace with rules of its own says so by this label.
  'prometheus.prometheusSpec.ruleNamespaceSelector.matchLabels.penstock-rules': 'evaluated-here',
  'prometheus.prometheusSpec.remoteWrite[0].url': PublishedBindings.read(
    stack,
    addressPrefix(topology, environment),
    OBSERVABILITY_ADDRESSES.remoteWrite,
  ).lower(),
  'prometheus.prometheusSpec.remoteWrite[0].sigv4.region': stack.region,
});

/** The rights to write to the workspace, and spans to X-Ray. Have to be there before the pods that have them. */
export const telemetryAccess = (
  stack: Stack,
  topology: Topology,
  environment: AwsEnvironment,
  cluster: EksCluster,
): TelemetryAccess =>
  new TelemetryAccess(stack, 'Telemetry', {
    cluster,
    metrics: {
      namespace: ADDONS['kube-prometheus-stack'].namespace,
      serviceAccount: ACCOUNT,
      workspace: PublishedBindings.read(stack, addressPrefix(topology, environment), OBSERVABILITY_ADDRESSES.workspace),
    },
    ...(environment.workloads.traces === undefined
      ? {}
      : { traces: { namespace: environment.workloads.namespace, serviceAccount: traceAccount(topology) } }),
  });
