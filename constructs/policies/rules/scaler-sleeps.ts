import { JOB_METRICS } from '../../monitoring/promql.ts';
import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { scaleDownWindowOf, triggersOf } from '../scaler.ts';

interface Sleep {
  readonly minReplicaCount: number;
  readonly idleReplicaCount: number;
  readonly cooldownPeriod: number;
}

/** What says nothing of work that waits at zero replicas. */
const NO_BACKLOG: readonly (string | undefined)[] = ['prometheus', 'cpu', 'memory'];
/** Series of the pods that are scaled: of our services and of the usual inference servers. */
const OWN_SERIES = /\b(messaging_|penstock_(?!jobs)|vllm:|sglang:|tgi_|nv_inference_)/;
/** A task queue tells of its jobs whoever works on them, and is there when nobody does. */
const JOB_BACKLOG = new RegExp(`\\b${JOB_METRICS.backlog}\\b`);
/** Of a series: what a rate is called work from is another matter. */
const SERIES_ACTIVATION = 'activationThreshold';
const ACTIVATION = /^activation(LagThreshold|Value|LagCount|TargetQueryValue)$/;

const tellsBacklog = (metadata: Readonly<Record<string, string>> = {}): boolean =>
  JOB_BACKLOG.test(metadata['query'] ?? '');

/** Rule 45: what happens on the way to zero replicas and back. */
export const scalerSleeps = kindPolicy(
  {
    id: 'scaler-sleeps',
    rules: [45],
    source: 'KEDA documentation, KEDA issues 2314 and 7770',
    reason: 'what sleeps by the wrong signal is stopped in its work, started without any, or never started again',
  },
  ['ScaledObject'],
  (manifest) => {
    const { minReplicaCount = 0, idleReplicaCount, cooldownPeriod } = specOf<Sleep>(manifest);
    const other = idleReplicaCount !== undefined && idleReplicaCount !== 0;
    const faults = [other && `idleReplicaCount ${idleReplicaCount}: the autoscaler knows none but 0`];
    if ((idleReplicaCount ?? minReplicaCount) !== 0) return faults;
    const triggers = triggersOf(manifest);
    const window = scaleDownWindowOf(manifest) ?? 0;
    return [
      ...faults,
      triggers.every(({ type, metadata }) => NO_BACKLOG.includes(type) && !tellsBacklog(metadata)) &&
        'sleeps, and no trigger sees work that waits: expected one on the broker',
      cooldownPeriod !== undefined &&
        cooldownPeriod < window &&
        `goes from any number of replicas to none after ${cooldownPeriod} s, sooner than the ${window} s of the way down`,
      ...triggers.flatMap(({ type, metadata = {} }) => [
        type === 'prometheus' &&
          OWN_SERIES.test(metadata['query'] ?? '') &&
          'sleeps, and asks for a series of its own pods: at zero that fails, and every failure starts a replica',
        ...Object.entries(metadata).map(
          ([name, value]) =>
            (ACTIVATION.test(name) || (name === SERIES_ACTIVATION && tellsBacklog(metadata))) &&
            value !== '0' &&
            `trigger ${type}: ${name} ${value} leaves so many items waiting for ever, or stops the replicas that work on them`,
        ),
      ]),
    ];
  },
);
