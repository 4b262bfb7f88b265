import type { Construct } from 'constructs';
import type { RuleGroup } from '../../monitoring/rule.ts';
import { emit, type Override } from '../api-object.ts';
import type { CustomResourceProps } from './scaled-object.ts';

type Labels = Readonly<Record<string, string>>;

/** The fields of a PodMonitor that we emit. Durations are Prometheus's. */
export interface PodMonitorSpec {
  readonly selector: { readonly matchLabels: Labels };
  /** Left out: the monitor's own namespace. */
  readonly namespaceSelector?: { readonly matchNames: readonly string[] };
  /** Labels of the pod that its samples get too. */
  readonly podTargetLabels?: readonly string[];
  readonly podMetricsEndpoints: readonly MetricsEndpoint[];
}

export interface MetricsEndpoint {
  /** Name of the port. */
  readonly port: string;
  readonly path: string;
  readonly interval: string;
  readonly scrapeTimeout: string;
}

/** The fields of a PrometheusRule that we emit. */
export interface PrometheusRuleSpec {
  readonly groups: readonly RuleGroup[];
}

const API_VERSION = 'monitoring.coreos.com/v1';

export function podMonitor(
  scope: Construct,
  id: string,
  props: CustomResourceProps<PodMonitorSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'PodMonitor', ...props }, override);
}

export function prometheusRule(
  scope: Construct,
  id: string,
  props: CustomResourceProps<PrometheusRuleSpec>,
  override?: Override,
) {
  return emit(scope, id, { apiVersion: API_VERSION, kind: 'PrometheusRule', ...props }, override);
}
