import { usesGpu } from '../gpu.ts';
import { type Probe, podsOf, specOf, WORKLOADS } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { scaleDownWindowOf, targetOf } from '../scaler.ts';

interface Pace {
  readonly cooldownPeriod: number;
  readonly minReplicaCount: number;
  readonly minReplicas: number;
}

/** Rule 45, against the workload that is scaled. */
export const scalerOutlastsStart = kindPolicy(
  {
    id: 'scaler-outlasts-start',
    rules: [45],
    source: 'KEDA documentation, GKE best practices for inference autoscaling',
    reads: WORKLOADS,
    reason: 'a replica that is taken away sooner than it starts is bought again before it was of use',
  },
  ['ScaledObject', 'HorizontalPodAutoscaler'],
  (manifest, all) => {
    const { cooldownPeriod = 0, minReplicaCount, minReplicas } = specOf<Pace>(manifest);
    const least = manifest.kind === 'ScaledObject' ? (minReplicaCount ?? 0) : (minReplicas ?? 1);
    const window = scaleDownWindowOf(manifest) ?? 0;
    // The first replica goes after the cooldown, every other one after the window.
    const quiet = least === 0 ? Math.min(cooldownPeriod, window) : window;
    const target = targetOf(manifest, all);
    return (target === undefined ? [] : podsOf(target)).flatMap((pod) => {
      const start = Math.max(0, ...(pod.containers ?? []).map(({ startupProbe }) => budgetOf(startupProbe)));
      return [
        quiet < start && `takes a replica away after ${quiet} s, sooner than the start it may take, ${start} s`,
        usesGpu(pod) && least < 1 && 'takes the last replica of a GPU server, expected minReplicaCount 1 or more',
      ];
    });
  },
);

/** Seconds until the kubelet gives up on a start. */
const budgetOf = (probe: Probe | undefined): number =>
  probe === undefined
    ? 0
    : (probe.initialDelaySeconds ?? 0) + (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3);
