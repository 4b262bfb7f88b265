import type { Bytes, ResolvedQueue, Topology } from '@penstock/model';
import { type AlertProps, alertRule, type Runbooks } from './alert.ts';
import { type DashboardSpec, dashboardJson } from './dashboard.ts';
import { engineAlertRules, type WatchedEngine } from './engine-rules.ts';
import { objectiveAlerts, objectiveRecords } from './objective-rules.ts';
import { platformDashboard } from './platform-dashboard.ts';
import { queueAlertRules, type WatchedQueue } from './queue-rules.ts';
import { EVALUATION, type RuleGroup } from './rule.ts';
import { serverMissing } from './server-missing.ts';
import { traceAlertRules, type WatchedTraces } from './trace-rules.ts';

/** NATS servers that a platform's queues are on. */
export interface WatchedNats {
  readonly namespace: string;
  readonly servers: number;
  /** What Prometheus calls its targets: the value of their label `job`. */
  readonly job: string;
  /** Disk that each stream may take on every server. */
  readonly streamSize: Bytes;
}

export interface WatchedPlatform {
  readonly topology: Topology;
  readonly namespace: string;
  /** @default - its queues are elsewhere, or it has none: what their broker alone can say is not asked */
  readonly nats?: WatchedNats;
  /** Who decides which of its traces are kept. @default - nobody traces */
  readonly traces?: WatchedTraces;
  /** Where the page of each alert is. @default - alerts name none */
  readonly runbooks?: Runbooks;
}

/** Every rule of a platform, whoever runs Prometheus: an objective, a queue, an engine and the broker a group each. */
export function platformRules(platform: WatchedPlatform): readonly RuleGroup[] {
  const { topology, namespace, nats, traces, runbooks } = platform;
  const group = (name: string, rules: RuleGroup['rules']): RuleGroup => ({
    name: `${topology.name}.${name}`,
    interval: EVALUATION,
    rules,
  });
  const rulesOf = (alerts: readonly AlertProps[]) => alerts.map((alert) => alertRule(alert, runbooks));
  const objectives = Object.values(topology.objectives).map((objective) => {
    const queue = topology.queues[objective.queue] as ResolvedQueue;
    return group(`objective.${objective.id}`, [
      ...objectiveRecords(namespace, objective, queue),
      ...rulesOf(objectiveAlerts(namespace, objective, queue)),
    ]);
  });
  return [
    ...objectives,
    ...watchedQueues(platform).map((watched) => group(`queue.${watched.queue.id}`, rulesOf(queueAlertRules(watched)))),
    ...watchedEngines(platform).map((watched) =>
      group(`engine.${watched.engine.id}`, rulesOf(engineAlertRules(watched))),
    ),
    ...(nats === undefined
      ? []
      : [
          group(
            'broker',
            rulesOf([
              serverMissing({
                title: 'NATS',
                job: nats.job,
                namespace: nats.namespace,
                servers: nats.servers,
                consequence: 'one fewer than a majority and every stream stands still',
              }),
            ]),
          ),
        ]),
    ...(traces === undefined ? [] : [group('traces', rulesOf(traceAlertRules(namespace, traces)))]),
  ];
}

/** The platform's dashboard, whoever shows it. */
export const platformDashboardSpec = (platform: WatchedPlatform): DashboardSpec =>
  platformDashboard(platform.topology, platform.namespace, watchedQueues(platform), watchedEngines(platform));

/** The platform's dashboard as Grafana's JSON model, to be imported wherever Grafana runs. */
export const platformDashboardJson = (platform: WatchedPlatform): string =>
  dashboardJson(platformDashboardSpec(platform));

const watchedQueues = ({ topology, namespace, nats }: WatchedPlatform): readonly WatchedQueue[] =>
  Object.values(topology.workers).map((worker) => ({
    namespace,
    worker,
    queue: topology.queues[worker.queue] as ResolvedQueue,
    ...(nats === undefined ? {} : { broker: { namespace: nats.namespace, streamSize: nats.streamSize } }),
  }));

const watchedEngines = ({ topology, namespace }: WatchedPlatform): readonly WatchedEngine[] =>
  Object.values(topology.engines).map((engine) => ({ namespace, engine }));
