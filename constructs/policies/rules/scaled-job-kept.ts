import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';
import { triggersOf } from '../scaler.ts';

interface ScaledJobSpec {
  readonly rollout: { readonly strategy?: string };
  readonly rolloutStrategy: string;
  readonly scalingStrategy: { readonly strategy?: string; readonly multipleScalersCalculation?: string };
}

/** Whose number has in it what is in work. */
const COUNTS_IN_FLIGHT: readonly (string | undefined)[] = ['nats-jetstream', 'kafka', 'rabbitmq'];

/** Rule 43: jobs that run stay, and are not started twice. */
export const scaledJobKept = kindPolicy(
  {
    id: 'scaled-job-kept',
    rules: [43],
    source: 'KEDA documentation (scaled jobs), KEDA issues 1021 and 6440',
    reason: 'work that is long enough to be a job is lost when a manifest changes, or has two machines for one item',
  },
  ['ScaledJob'],
  (manifest) => {
    const { rollout, rolloutStrategy, scalingStrategy = {} } = specOf<ScaledJobSpec>(manifest);
    const triggers = triggersOf(manifest);
    return [
      (rolloutStrategy ?? rollout?.strategy) !== 'gradual' &&
        'a changed manifest deletes the jobs that run, expected rollout.strategy gradual',
      (scalingStrategy.strategy === 'accurate' || scalingStrategy.strategy === 'eager') &&
        triggers.some(({ type }) => COUNTS_IN_FLIGHT.includes(type)) &&
        `strategy ${scalingStrategy.strategy} starts a second job for each item that is in work`,
      triggers.length > 1 &&
        scalingStrategy.multipleScalersCalculation !== 'sum' &&
        'takes one of several backlogs alone, expected multipleScalersCalculation sum',
      triggers.some((trigger) => 'metricType' in trigger) &&
        'states a metricType, with which KEDA starts no job at all',
    ];
  },
);
