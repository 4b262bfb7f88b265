import { usesGpu } from '../gpu.ts';
import { containersOf, podsOf, specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

/** Rule 38, for the rollout around the probes of a model. */
export const progressStated = kindPolicy(
  {
    id: 'progress-stated',
    rules: [38],
    source: 'Kubernetes documentation (Deployments)',
    reason:
      'by default a rollout has failed after 10 minutes, and the node of a GPU and its image may take as long alone',
  },
  ['Deployment'],
  (manifest) => {
    const pods = podsOf(manifest).filter(usesGpu);
    if (pods.length === 0) return [];
    const { progressDeadlineSeconds } = specOf<{ progressDeadlineSeconds: number }>(manifest);
    const startup = Math.max(
      ...pods
        .flatMap(containersOf)
        .map(({ startupProbe: { periodSeconds = 0, failureThreshold = 0 } = {} }) => periodSeconds * failureThreshold),
    );
    return [
      progressDeadlineSeconds === undefined && 'does not state progressDeadlineSeconds',
      progressDeadlineSeconds !== undefined &&
        progressDeadlineSeconds < startup &&
        `its rollout gives up after ${progressDeadlineSeconds} s, while its containers may take ${startup} s to start`,
    ];
  },
);
