import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface RolloutSpec {
  readonly strategy: {
    readonly type?: string;
    readonly rollingUpdate?: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string };
  };
}

/** Rule 39, while a revision is replaced. */
export const rolloutStated = kindPolicy(
  {
    id: 'rollout-stated',
    rules: [39],
    source: 'EKS Best Practices (reliability)',
    reason: 'by default a quarter of the replicas is gone during a rollout, and a quarter more wants machines',
  },
  ['Deployment'],
  (manifest) => {
    const { type, rollingUpdate } = specOf<RolloutSpec>(manifest).strategy ?? {};
    if (type === 'Recreate') return [];
    return (['maxSurge', 'maxUnavailable'] as const).map(
      (field) => rollingUpdate?.[field] === undefined && `does not state ${field} of its rollout`,
    );
  },
);
