import { Duration, type ResolvedInferenceEngine } from '@penstock/model';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { ofMetric } from '../alarm-signal.ts';

const HOLDS = Duration.parse('5 minutes');
const SLOW_HOLDS = Duration.parse('10 minutes');

export interface WatchedModel {
  readonly engine: ResolvedInferenceEngine;
  /** What requests name: a model or a profile of Bedrock. Whoever else in the account asks it is counted with ours. */
  readonly asked: string;
}

/** A model that somebody else runs, by what was promised of the engine that it stands for. */
export function modelAlarms({ engine, asked }: WatchedModel): WatchedService {
  const of = { ModelId: asked };
  const common = { subject: engine.id, missing: 'notBreaching' } as const;
  const alarms: readonly AlarmSpec[] = [
    {
      ...common,
      name: 'PenstockEndpointSlow',
      severity: 'page',
      signal: ofMetric('bedrockLatency', of, 'p99'),
      limit: { above: engine.doneWithin.toMilliseconds() },
      holds: SLOW_HOLDS,
      follows: true,
      description: `One answer in a hundred of ${engine.id} takes longer than ${engine.doneWithin}, which is promised for each.`,
    },
    {
      ...common,
      name: 'PenstockEndpointThrottled',
      severity: 'page',
      signal: ofMetric('bedrockThrottles', of, 'Sum'),
      limit: { above: 0 },
      holds: HOLDS,
      description: `Bedrock has refused requests to ${engine.id} in every one of the last minutes: the account may ask no more of ${asked}.`,
    },
    {
      ...common,
      name: 'PenstockEndpointFailing',
      severity: 'ticket',
      signal: ofMetric('bedrockErrors', of, 'Sum'),
      limit: { above: 0 },
      holds: HOLDS,
      description: `${engine.id} has failed requests in every one of the last minutes.`,
    },
  ];
  return { id: `model-${engine.id}`, title: `Model ${asked}`, alarms };
}
