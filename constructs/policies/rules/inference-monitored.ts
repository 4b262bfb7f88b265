import { servesOnGpu } from '../gpu.ts';
import { type Labels, type Manifest, selects, specOf, templatesOf } from '../manifest.ts';
import type { Policy } from '../policy.ts';

interface MonitorSpec {
  readonly selector: { readonly matchLabels?: Labels };
  readonly namespaceSelector: { readonly any?: boolean; readonly matchNames?: readonly string[] };
}

interface RuleSpec {
  readonly groups: readonly { readonly rules?: readonly { readonly alert?: string; readonly expr?: string }[] }[];
}

/** What has to wake somebody, by the metrics that servers of models and the DCGM exporter have for it. */
export const INFERENCE_ALERTS: readonly (readonly [about: string, metrics: RegExp])[] = [
  ['time to the first token, or latency', /time_to_first_token|ttft|latency|duration/i],
  ['tokens or requests answered', /tokens|requests?_(success|count|total)|throughput/i],
  ['its queue', /waiting|queue|pending/i],
  ['GPU memory', /DCGM_FI_DEV_FB_|gpu_(cache|memory)/i],
];

/** Rule 48. */
export const inferenceMonitored: Policy = {
  id: 'inference-monitored',
  rules: [48],
  source: 'EKS Best Practices (AI/ML observability)',
  reads: ['PrometheusRule', 'ServiceMonitor', 'PodMonitor', 'PodMonitoring', 'Service'],
  reason: 'a server of a model that is slow or full answers its probes: nobody knows until the callers say so',
  check(manifest, all) {
    if (!servesOnGpu(manifest)) return [];
    // Google's collectors only collect: the alerts are beside the cluster, where `inference-alerted` asks for them.
    if (all.some((each) => collectedByGoogle(each, manifest))) return [];
    const alerts = all
      .filter(({ kind }) => kind === 'PrometheusRule')
      .flatMap((rule) => specOf<RuleSpec>(rule).groups ?? [])
      .flatMap(({ rules = [] }) => rules)
      .filter(({ alert }) => alert !== undefined)
      .map(({ expr }) => String(expr));
    return [
      ...(isScraped(manifest, all) ? [] : ['no ServiceMonitor or PodMonitor scrapes it']),
      ...INFERENCE_ALERTS.filter(([, metrics]) => !alerts.some((expr) => metrics.test(expr))).map(
        ([about]) => `no alert is about ${about}`,
      ),
    ];
  },
};

/** Whether an object has Google's collectors read the pods of a workload. */
export function collectedByGoogle(monitoring: Manifest, workload: Manifest): boolean {
  if (monitoring.kind !== 'PodMonitoring' || monitoring.metadata.namespace !== workload.metadata.namespace)
    return false;
  const { selector } = specOf<MonitorSpec>(monitoring);
  return templatesOf(workload).some(({ metadata }) => selects(selector?.matchLabels, metadata?.labels));
}

function isScraped(workload: Manifest, all: readonly Manifest[]): boolean {
  const { namespace } = workload.metadata;
  const pods = templatesOf(workload).map(({ metadata }) => metadata?.labels);
  const services = all.filter(
    (other) =>
      other.kind === 'Service' &&
      other.metadata.namespace === namespace &&
      pods.some((labels) => selects(specOf<{ selector: Labels }>(other).selector, labels)),
  );
  return all.some((monitor) => {
    const { selector, namespaceSelector } = specOf<MonitorSpec>(monitor);
    const looksHere =
      namespaceSelector?.any === true ||
      (namespaceSelector?.matchNames ?? [monitor.metadata.namespace]).includes(namespace as string);
    if (!looksHere) return false;
    if (monitor.kind === 'PodMonitor') return pods.some((labels) => selects(selector?.matchLabels, labels));
    return (
      monitor.kind === 'ServiceMonitor' &&
      services.some(({ metadata }) => selects(selector?.matchLabels, metadata.labels))
    );
  });
}
