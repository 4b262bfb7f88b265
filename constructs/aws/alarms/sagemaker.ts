import { Duration, engineAlerts, type ResolvedInferenceEngine } from '@penstock/model';
import type { AlarmSpec, WatchedService } from '../alarm.ts';
import { ofMetric } from '../alarm-signal.ts';

const HOLDS = Duration.parse('5 minutes');
const SLOW_HOLDS = Duration.parse('10 minutes');
/** As `SageMakerEndpoint` names it. */
const VARIANT = 'serving';

export interface WatchedEndpoint {
  /** Name of the endpoint. */
  readonly name: string;
  readonly engine: ResolvedInferenceEngine;
  readonly serving: 'real-time' | 'asynchronous' | 'on-demand';
}

/** A model on SageMaker, by what was promised of it. */
export function endpointAlarms({ name, engine, serving }: WatchedEndpoint): WatchedService {
  const of = { EndpointName: name };
  const variant = { ...of, VariantName: VARIANT };
  const limits = engineAlerts(engine);
  const startFor = engine.coldStart.plus(limits.missingFor);
  const waited: readonly AlarmSpec[] = [
    {
      name: 'PenstockEndpointSlow',
      subject: name,
      severity: 'page',
      signal: ofMetric('modelLatency', variant, 'p99'),
      limit: { above: engine.doneWithin.microseconds },
      holds: SLOW_HOLDS,
      missing: 'notBreaching',
      follows: true,
      description: `One answer in a hundred of ${engine.id} takes longer than ${engine.doneWithin}, which is promised for each.`,
    },
  ];
  const queued: readonly AlarmSpec[] = [
    {
      name: 'PenstockEndpointBacklog',
      subject: name,
      severity: 'page',
      signal: ofMetric('asyncBacklog', of, 'Maximum'),
      limit: { above: limits.backlogLimit },
      holds: HOLDS,
      missing: 'notBreaching',
      follows: true,
      description: `More requests wait for ${engine.id} than the ${limits.backlogLimit} that ${engine.replicas} replicas answer within ${engine.doneWithin}.`,
    },
    {
      name: 'PenstockEndpointNotStarted',
      subject: name,
      severity: 'page',
      signal: ofMetric('backlogUnserved', of, 'Maximum'),
      limit: { atLeast: 1 },
      holds: startFor,
      missing: 'notBreaching',
      description: `Requests have waited for ${engine.id} for ${startFor} and no machine serves them.`,
    },
  ];
  return {
    id: `endpoint-${engine.id}`,
    title: `Endpoint ${name}`,
    alarms: [
      ...(serving === 'asynchronous' ? queued : waited),
      {
        name: 'PenstockEndpointFailing',
        subject: name,
        severity: 'ticket',
        signal: ofMetric('modelErrors', variant, 'Sum'),
        limit: { above: 0 },
        holds: HOLDS,
        missing: 'notBreaching',
        description: `${engine.id} has failed requests in every one of the last minutes.`,
      },
    ],
  };
}
