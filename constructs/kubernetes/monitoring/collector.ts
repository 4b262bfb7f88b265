import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Override } from '../api-object.ts';
import { type PodMonitoringSpec, podMonitoring } from '../crd/google-monitoring.ts';
import { type PodMonitorSpec, podMonitor } from '../crd/monitoring.ts';
import type { CustomResourceProps } from '../crd/scaled-object.ts';

/**
 * Who collects samples in a cluster: a Prometheus by its operator, which also evaluates the rules; or the collectors that GKE
 * brings, which only collect: rules and dashboards are then made beside the cluster.
 */
export type Collector = 'prometheus-operator' | 'google-managed';

/** What samples carry as `job`. */
export const jobOf = (collector: Collector, namespace: string, name: string): string =>
  collector === 'google-managed' ? name : `${namespace}/${name}`;

/** Has pods collected from, by whoever does it. */
export function collectFrom(
  scope: Construct,
  id: string,
  collector: Collector,
  props: CustomResourceProps<PodMonitorSpec>,
  override?: Override,
): ApiObject {
  if (collector === 'prometheus-operator') return podMonitor(scope, id, props, override);
  const [namespace] = props.spec.namespaceSelector?.matchNames ?? [];
  const metadata = namespace === undefined ? props.metadata : { ...props.metadata, namespace };
  return podMonitoring(scope, id, { metadata, spec: managed(props.spec) }, override);
}

const managed = ({ selector, podTargetLabels = [], podMetricsEndpoints }: PodMonitorSpec): PodMonitoringSpec => ({
  selector,
  endpoints: podMetricsEndpoints.map(({ scrapeTimeout, ...endpoint }) => ({ ...endpoint, timeout: scrapeTimeout })),
  targetLabels: {
    metadata: ['pod', 'container'],
    // By the names that the operator's Prometheus gives them: the rules are the same.
    ...(podTargetLabels.length === 0
      ? {}
      : { fromPod: podTargetLabels.map((from) => ({ from, to: from.replaceAll(/\W/g, '_') })) }),
  },
});
