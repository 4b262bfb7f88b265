import { GPU } from '../gpu.ts';
import { type Amounts, type Manifest, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface LimitRangeSpec {
  readonly limits: readonly { readonly type?: string; readonly [bound: string]: unknown }[];
}

/** What a namespace can take from the others; the last two put it on the network around all of its policies. */
const BOUNDED: readonly string[] = [
  'pods',
  'requests.cpu',
  'requests.memory',
  'limits.memory',
  'requests.ephemeral-storage',
  'limits.ephemeral-storage',
  `requests.${GPU}`,
  'requests.storage',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
/** What a container gets that states nothing, and the most that any may state. */
const DEFAULTS: readonly (readonly [bound: string, resources: readonly string[]])[] = [
  ['default', ['memory', 'ephemeral-storage']],
  ['defaultRequest', ['cpu', 'memory', 'ephemeral-storage']],
  ['max', ['memory', 'ephemeral-storage']],
];

/** Rule 29. */
export const namespaceQuota = kindPolicy(
  {
    id: 'namespace-quota',
    rules: [29],
    source: 'EKS Best Practices (reliability), NSA/CISA',
    reads: ['ResourceQuota', 'LimitRange'],
    reason: 'one runaway workload takes the cluster from all others',
  },
  ['Namespace'],
  ({ metadata }, all) => {
    const found = (wanted: string): readonly Manifest[] =>
      all.filter(({ kind, metadata: other }) => kind === wanted && other.namespace === metadata.name);
    const quotas = found('ResourceQuota').map((quota) => specOf<{ hard: Amounts }>(quota).hard ?? {});
    const ranges = found('LimitRange')
      .flatMap((range) => specOf<LimitRangeSpec>(range).limits ?? [])
      .filter(({ type }) => type === 'Container');
    const states = (bound: string, resource: string) =>
      ranges.some((range) => (range[bound] as Amounts | undefined)?.[resource] !== undefined);
    return [
      ...(quotas.length === 0
        ? ['has no ResourceQuota']
        : BOUNDED.map(
            (resource) => quotas.every((hard) => hard[resource] === undefined) && `no ResourceQuota bounds ${resource}`,
          )),
      ...(ranges.length === 0
        ? ['has no LimitRange of containers']
        : DEFAULTS.flatMap(([bound, resources]) =>
            resources.map((resource) => !states(bound, resource) && `no LimitRange states ${bound} of ${resource}`),
          )),
    ];
  },
);
