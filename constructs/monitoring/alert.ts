import type { Duration } from '@penstock/model';
import { prometheusDuration } from './promql.ts';
import type { AlertingRule } from './rule.ts';

/** Where the page of each alert is; the name of the alert is its anchor. */
export interface Runbooks {
  readonly url: string;
}

export interface AlertProps {
  readonly name: AlertName;
  readonly expr: string;
  /** Left out: fires at once. */
  readonly holds?: Duration;
  /** `page` wakes somebody: the promise is being broken now. `ticket` waits for the morning. */
  readonly severity: 'page' | 'ticket';
  /** What an alert is told apart by. */
  readonly labels: Readonly<Record<string, string>>;
  /** One line for a phone. */
  readonly summary: string;
  /** What it means for whom, with the numbers. */
  readonly description: string;
}

/** Alerts of what a platform declares, and of the NATS it runs on. */
export const PLATFORM_ALERT_NAMES = [
  'PenstockBudgetBurn',
  'PenstockQueueAge',
  'PenstockQueueLag',
  'PenstockDeadLetters',
  'PenstockWorkerNotStarted',
  'PenstockWorkerUnwatched',
  'PenstockWorkSlow',
  'PenstockStreamFilling',
  'PenstockBrokerMissing',
  'PenstockEngineMissing',
  'PenstockEngineQueueFull',
  'PenstockEngineBatchSlow',
  'PenstockEngineTokensSlow',
  'PenstockEngineFirstTokenSlow',
  'PenstockEngineCacheFull',
  'PenstockGpuMemoryFull',
  'PenstockGpuFault',
] as const;

/** Alerts of brokers and databases that a platform may have beside. */
export const BROKER_ALERT_NAMES = [
  'PenstockRabbitMqBlocked',
  'PenstockRabbitMqDiskFilling',
  'PenstockRabbitMqUnroutable',
  'PenstockKafkaPartitionsOffline',
  'PenstockKafkaWritersRefused',
  'PenstockKafkaUnderReplicated',
  'PenstockKafkaControllerMissing',
  'PenstockKafkaDiskFilling',
  'PenstockTopicLag',
  'PenstockTopicStuck',
  'PenstockTopicDeadLetters',
  'PenstockPostgresUnreplicated',
  'PenstockPostgresArchiveFailing',
  'PenstockPostgresBackupOld',
  'PenstockPostgresDiskFilling',
  'PenstockPostgresFeedStale',
  'PenstockPostgresFreezing',
  'PenstockValkeyFull',
  'PenstockValkeyLogFailing',
] as const;

/** Alerts of who decides which traces are kept. */
export const TRACE_ALERT_NAMES = ['PenstockTracesMissing', 'PenstockSpansLost'] as const;

/** Alerts of what a cloud runs for a platform, by the same name on each, beside those of the names above. */
export const CLOUD_ALERT_NAMES = [
  'PenstockPodsUnschedulable',
  'PenstockEndpointSlow',
  'PenstockEndpointFailing',
] as const;

/** Alerts of what Google alone can say. */
export const GOOGLE_ALERT_NAMES = ['PenstockPostgresDown', 'PenstockValkeyRefusing'] as const;

/** Every alert there is. */
export const ALERT_NAMES = [
  ...PLATFORM_ALERT_NAMES,
  ...BROKER_ALERT_NAMES,
  ...TRACE_ALERT_NAMES,
  ...CLOUD_ALERT_NAMES,
  ...GOOGLE_ALERT_NAMES,
] as const;

export type AlertName = (typeof ALERT_NAMES)[number];

export function alertRule(props: AlertProps, runbooks: Runbooks | undefined): AlertingRule {
  return {
    alert: props.name,
    expr: props.expr,
    ...(props.holds === undefined ? {} : { for: prometheusDuration(props.holds) }),
    labels: { severity: props.severity, ...props.labels },
    annotations: {
      summary: props.summary,
      description: props.description,
      ...(runbooks === undefined ? {} : { runbook_url: `${runbooks.url}#${props.name.toLowerCase()}` }),
    },
  };
}
