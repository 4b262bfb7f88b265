import { type Duration, GROWTH } from '@penstock/model';
import { ConstructError } from '../errors.ts';
import { seconds } from './lowering.ts';

export interface ScalingBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly {
    readonly type: 'Pods' | 'Percent';
    readonly value: number;
    readonly periodSeconds: number;
  }[];
}

/** The longest window the HorizontalPodAutoscaler accepts. */
const LONGEST_STABILISATION_SECONDS = 3_600;

/**
 * Up at once and by doubling, as the autoscaler's own default; down only by the highest need of a whole cooldown.
 *
 * @param path where the cooldown stands, for the error
 * @throws {ConstructError} `window-too-long` when the cooldown is longer than a scale-down can be held back
 */
export function scalingBehavior(cooldown: Duration, path: string): ScalingBehavior {
  const cooldownSeconds = seconds(cooldown);
  if (cooldownSeconds > LONGEST_STABILISATION_SECONDS) {
    throw new ConstructError(
      'window-too-long',
      path,
      `received ${cooldownSeconds} s, expected at most ${LONGEST_STABILISATION_SECONDS} s, the longest window of a HorizontalPodAutoscaler`,
    );
  }
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      policies: [
        { type: 'Percent', value: GROWTH.percent, periodSeconds: seconds(GROWTH.period) },
        { type: 'Pods', value: GROWTH.replicas, periodSeconds: seconds(GROWTH.period) },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: cooldownSeconds,
      policies: [{ type: 'Percent', value: 100, periodSeconds: seconds(GROWTH.period) }],
    },
  };
}
