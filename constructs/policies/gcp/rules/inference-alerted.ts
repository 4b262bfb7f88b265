import { servesOnGpu } from '../../gpu.ts';
import type { Manifest } from '../../manifest.ts';
import { collectedByGoogle, INFERENCE_ALERTS } from '../../rules/inference-monitored.ts';
import type { CloudPolicy } from '../policy.ts';
import { ALERT_POLICY, type AlertPolicyInputs, type CloudResource } from '../resource.ts';

/** Rule 48, where the rules are evaluated beside the cluster: `inference-monitored` sees only that somebody collects. */
export const inferenceAlerted: CloudPolicy = {
  id: 'inference-alerted',
  rules: [48],
  source: 'GKE best practices for inference, Google Cloud documentation (Managed Service for Prometheus)',
  reason: 'what Google collects wakes nobody by itself: the alerts of a server are policies, or there are none',
  check({ inputs }, all) {
    const server = manifestOf(inputs);
    if (server === undefined || !servesOnGpu(server)) return [];
    const manifests = all.flatMap((each) => manifestOf(each.inputs) ?? []);
    if (!manifests.some((each) => collectedByGoogle(each, server))) return [];
    const queries = all.filter(isAlertPolicy).flatMap(queriesHeard);
    return INFERENCE_ALERTS.filter(([, metrics]) => !queries.some((query) => metrics.test(query))).map(
      ([about]) => `no alert policy that somebody hears is about ${about}`,
    );
  },
};

const manifestOf = (inputs: CloudResource['inputs']): Manifest | undefined =>
  typeof inputs['kind'] === 'string' && typeof inputs['apiVersion'] === 'string'
    ? (inputs as unknown as Manifest)
    : undefined;

const isAlertPolicy = ({ type }: CloudResource): boolean => type === ALERT_POLICY;

/** Of a policy that is on and tells somebody. */
function queriesHeard(resource: CloudResource): readonly string[] {
  const { enabled, notificationChannels = [], conditions = [] }: AlertPolicyInputs = resource.inputs;
  if (enabled === false || notificationChannels.length === 0) return [];
  return conditions.map(({ conditionPrometheusQueryLanguage }) => conditionPrometheusQueryLanguage?.query ?? '');
}
