import { selects, specOf, type WorkloadSpec } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 39; apart from `replicas-spread`, which an object may be taken out of. */
export const selectsOwnPods = kindPolicy(
  {
    id: 'selects-own-pods',
    rules: [39],
    source: 'kube-score (deployment-pod-selector-labels-match-template-metadata-labels)',
    reason:
      'a workload whose pods carry other labels than it selects is refused, and its budget, service and flows are about nobody',
  },
  ['Deployment', 'StatefulSet', 'DaemonSet'],
  (manifest) => {
    const { selector, template } = specOf<WorkloadSpec>(manifest);
    return [
      Object.keys(selector?.matchLabels ?? {}).length === 0 && 'states no labels to select its pods by',
      !selects(selector?.matchLabels, template?.metadata?.labels) && 'selects none of its own pods',
    ];
  },
);
