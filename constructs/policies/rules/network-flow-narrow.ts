import { lookup } from '../lookup.ts';
import { isWorkload, type Labels, type Manifest, selects, specOf, templatesOf, WORKLOADS } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface NetworkPolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress: readonly FlowRule[];
  readonly egress: readonly FlowRule[];
}

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly unknown[];
}

interface FlowRule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port?: number | string; readonly protocol?: string }[];
}

interface Peer {
  readonly namespaceSelector?: Selector;
  readonly podSelector?: Selector;
  readonly ipBlock?: { readonly cidr?: string };
}

const DNS = 53;

/** Rule 28, the flows: what is allowed names who, whom and by which port. */
export const networkFlowNarrow = kindPolicy(
  {
    id: 'network-flow-narrow',
    rules: [28],
    source: 'EKS Best Practices (network security), NSA/CISA',
    reads: WORKLOADS,
    reason: 'one rule without a peer or a port takes back what the default denies',
  },
  ['NetworkPolicy'],
  (manifest, all) => {
    const { podSelector, policyTypes = [], ingress = [], egress = [] } = specOf<NetworkPolicySpec>(manifest);
    const covers = (selector: Selector | undefined) => workloadsOf(selector, manifest.metadata.namespace, all);
    const rules = [...ingress, ...egress];
    const isDns =
      ingress.length === 0 &&
      egress.every(({ ports = [] }) => ports.length > 0 && ports.every(({ port }) => port === DNS));
    return [
      policyTypes.length === 0 && 'does not state policyTypes',
      ingress.length > 0 &&
        !policyTypes.includes('Ingress') &&
        'has ingress rules that do not apply, expected policyTypes with Ingress',
      egress.length > 0 &&
        !policyTypes.includes('Egress') &&
        'has egress rules that do not apply, expected policyTypes with Egress',
      !isEmpty(podSelector) &&
        covers(podSelector) > 1 &&
        `opens its flows to ${covers(podSelector)} workloads, expected one`,
      isEmpty(podSelector) && rules.length > 0 && !isDns && 'allows a flow to every pod of the namespace',
      ...ingress.map(({ from }) => (from ?? []).length === 0 && 'lets anyone in: a rule without from'),
      ...egress.map(({ to }) => (to ?? []).length === 0 && 'lets out to anywhere: a rule without to'),
      ...rules.map(
        ({ ports = [] }) =>
          (ports.length === 0 || ports.some(({ port }) => port === undefined)) && 'has a rule for every port',
      ),
      ...rules
        .flatMap(({ from = [], to = [] }) => [...from, ...to])
        .map(
          ({ namespaceSelector, podSelector: pods, ipBlock }) =>
            ipBlock === undefined &&
            (namespaceSelector === undefined ? isEmpty(pods) : isEmpty(namespaceSelector)) &&
            'has a peer that is everyone',
        ),
      ...rules
        .flatMap(({ from = [], to = [] }) => [...from, ...to])
        .map(
          ({ namespaceSelector, podSelector: pods }) =>
            namespaceSelector === undefined &&
            !isEmpty(pods) &&
            covers(pods) > 1 &&
            `has a peer that is ${covers(pods)} workloads, expected one each`,
        ),
    ];
  },
);

const isEmpty = (selector: Selector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;

/** How many workloads of the namespace a selector covers: those of its rarest label that have the others too. */
function workloadsOf(selector: Selector | undefined, namespace: string | undefined, all: readonly Manifest[]): number {
  const [rarest = all] = Object.entries(selector?.matchLabels ?? {})
    .map(([key, value]) => byPodLabel(all, `${key}=${value}`))
    .toSorted((a, b) => a.length - b.length);
  return rarest.filter(
    (other) =>
      isWorkload(other) &&
      other.metadata.namespace === namespace &&
      templatesOf(other).some(({ metadata }) => selects(selector?.matchLabels, metadata?.labels)),
  ).length;
}

const byPodLabel = lookup((workload) =>
  templatesOf(workload).flatMap(({ metadata }) =>
    Object.entries(metadata?.labels ?? {}).map(([key, value]) => `${key}=${value}`),
  ),
);
