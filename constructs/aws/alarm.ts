import type { Duration } from '@penstock/model';
import type { AlertName } from '../monitoring/alert.ts';
import type { Signal } from './alarm-signal.ts';
import type { Severity } from './alert-topics.ts';

/** Alarms of what Amazon alone can say. Those that mean what an alert in a cluster or of any cloud means have its name. */
export const AWS_ALERT_NAMES = [
  'PenstockTopicInflow',
  'PenstockPostgresConnectionsFull',
  'PenstockPostgresReplicaBehind',
  'PenstockPostgresCapacityReached',
  'PenstockValkeyReplicaBehind',
  'PenstockValkeyThrottled',
  'PenstockClusterSilent',
  'PenstockClusterStoreFilling',
  'PenstockEndpointBacklog',
  'PenstockEndpointNotStarted',
  'PenstockEndpointThrottled',
  'PenstockNotificationsFailing',
] as const;

export type AlarmName = AlertName | (typeof AWS_ALERT_NAMES)[number];

export interface AlarmSpec {
  readonly name: AlarmName;
  /** Which of several: last part of the alarm's name. */
  readonly subject: string;
  readonly severity: Severity;
  readonly signal: Signal;
  readonly limit: { readonly above: number } | { readonly atLeast: number } | { readonly below: number };
  /** Every minute of so long: whole ones, rounded up. */
  readonly holds: Duration;
  /**
   * What minutes without a value are: `breaching` where silence is the fault itself, `notBreaching` where nothing to
   * count is no news, `ignore` where the last answer still holds.
   */
  readonly missing: 'breaching' | 'notBreaching' | 'ignore';
  /** True for what the service's own outage brings about: then that alone is told. @default false */
  readonly follows?: boolean;
  /** What it means for whom, with the numbers. */
  readonly description: string;
}

/** The alarms of one thing that Amazon runs. */
export interface WatchedService {
  /** Kebab-case; part of the name of what is told of all its outages together. */
  readonly id: string;
  /** As people call it. */
  readonly title: string;
  readonly alarms: readonly AlarmSpec[];
}
