import { type Hook, type Labels, selects, specOf, templatesOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 42, for pods that others call. */
export const endpointDrained = kindPolicy(
  {
    id: 'endpoint-drained',
    rules: [42],
    source: 'EKS Best Practices (reliability), Kubernetes documentation (pod termination)',
    reads: ['Service'],
    reason: 'a process that stops before every proxy has heard of it answers the last callers with a reset',
  },
  ['Deployment', 'StatefulSet', 'LeaderWorkerSet'],
  (manifest, all) =>
    templatesOf(manifest).flatMap(({ metadata, spec }) => {
      const isCalled = all.some((other) => {
        const selector = specOf<{ selector: Labels }>(other).selector;
        return (
          other.kind === 'Service' &&
          other.metadata.namespace === manifest.metadata.namespace &&
          selector !== undefined &&
          selects(selector, metadata?.labels)
        );
      });
      const waits = spec?.containers?.some(({ lifecycle }) => hasEffect(lifecycle?.preStop)) === true;
      return [
        isCalled && !waits && 'is called through a Service and has no preStop that lets its endpoint go first',
        isCalled && spec?.terminationGracePeriodSeconds === undefined && 'does not state terminationGracePeriodSeconds',
      ];
    }),
);

/** A hook that sleeps for no time is none. */
const hasEffect = (hook: Hook | undefined): boolean =>
  hook !== undefined && (hook.sleep === undefined || (hook.sleep.seconds ?? 0) > 0);
