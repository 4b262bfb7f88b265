import { canonicalJson } from '@penstock/model';
import { isGroupWorker, type Probe } from '../manifest.ts';
import { podPolicy } from '../policy.ts';

const COMES_AND_GOES: readonly string[] = ['Job', 'CronJob', 'ScaledJob'];

/** What a probe asks, apart from how often. */
const question = ({ httpGet, exec, tcpSocket, grpc }: Probe): string =>
  canonicalJson({ httpGet, exec, tcpSocket, grpc });

/** Rule 38. */
export const probesDistinct = podPolicy(
  {
    id: 'probes-distinct',
    rules: [38],
    source: 'EKS Best Practices (reliability), kube-score',
    reason: 'a liveness probe that asks for readiness kills every replica at once when a dependency is down',
  },
  (pod, manifest) =>
    COMES_AND_GOES.includes(manifest.kind) || isGroupWorker(manifest, pod)
      ? []
      : (pod.containers ?? []).flatMap(({ name, startupProbe, readinessProbe, livenessProbe }) => [
          readinessProbe === undefined && `container ${name}: has no readinessProbe`,
          livenessProbe !== undefined &&
            startupProbe === undefined &&
            `container ${name}: liveness may kill it while it loads, expected a startupProbe`,
          readinessProbe !== undefined &&
            livenessProbe !== undefined &&
            question(readinessProbe) === question(livenessProbe) &&
            `container ${name}: liveness asks the same as readiness`,
        ]),
);
