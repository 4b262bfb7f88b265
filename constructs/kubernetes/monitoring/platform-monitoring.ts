import type { Bytes, ResolvedQueue, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ConstructError } from '../../errors.ts';
import { emit, type Override } from '../api-object.ts';
import { EVALUATION, podMonitor, prometheusRule, type RuleGroup } from '../crd/monitoring.ts';
import { platformLabels, platformMetadata } from '../labels.ts';
import type { NatsService } from '../nats-service.ts';
import { type AlertProps, alertRule, type Runbooks } from './alert.ts';
import { BrokerMonitor } from './broker-monitor.ts';
import { serverMissing } from './broker-rules.ts';
import { dashboardJson } from './dashboard.ts';
import { engineAlertRules, type WatchedEngine } from './engine-rules.ts';
import { objectiveAlerts, objectiveRecords } from './objective-rules.ts';
import { platformDashboard } from './platform-dashboard.ts';
import { SCRAPE } from './promql.ts';
import { queueAlertRules, type WatchedQueue } from './queue-rules.ts';

type Labels = Readonly<Record<string, string>>;

export interface PlatformMonitoringProps {
  readonly topology: Topology;
  readonly namespace: string;
  /** Where its queues are, and the disk that each stream may take on every server. @default - it has no queues */
  readonly broker?: { readonly nats: NatsService; readonly streamSize: Bytes };
  /** Labels by which the cluster's Prometheus picks its monitors and rules. @default - none: it takes all there are */
  readonly pickedBy?: Labels;
  /** Where the page of each alert is. @default - alerts name none */
  readonly runbooks?: Runbooks;
  readonly overrides?: {
    readonly workloads?: Override;
    readonly broker?: Override;
    readonly alerts?: Override;
    readonly dashboard?: Override;
  };
}

/** By this label the sidecar of Grafana's chart finds dashboards. */
const DASHBOARD_LABEL = { grafana_dashboard: '1' } as const;

/** What watches a platform: its pods and its broker are scraped, its promises are alerts, its numbers a dashboard. */
export class PlatformMonitoring extends Construct {
  readonly nodes: {
    readonly workloads: ApiObject;
    readonly broker: ApiObject | undefined;
    readonly alerts: ApiObject;
    readonly dashboard: ApiObject;
  };

  /** @throws {ConstructError} `reference-missing` for queues without a broker */
  constructor(scope: Construct, id: string, props: PlatformMonitoringProps) {
    super(scope, id);
    const { topology, overrides } = props;
    const metadata = (suffix: string, labels: Labels) =>
      platformMetadata(topology, `${topology.name}${suffix}`, labels);
    const picked = props.pickedBy ?? {};
    const queues = watchedQueues(props);
    const engines = watchedEngines(props);
    const dashboard = dashboardJson(platformDashboard(topology, props.namespace, queues, engines));
    const broker =
      props.broker === undefined
        ? undefined
        : new BrokerMonitor(this, 'broker', {
            topology,
            namespace: props.namespace,
            broker: { kind: 'nats', service: props.broker.nats },
            pickedBy: picked,
            ...(overrides?.broker === undefined ? {} : { overrides: { monitor: overrides.broker } }),
          });
    this.nodes = {
      workloads: podMonitor(
        this,
        'workloads',
        { metadata: metadata('', picked), spec: workloadsMonitor(topology) },
        overrides?.workloads,
      ),
      broker: broker?.nodes.monitor,
      alerts: prometheusRule(
        this,
        'alerts',
        {
          metadata: metadata('', picked),
          spec: { groups: ruleGroups(props, broker?.job, queues, engines) },
        },
        overrides?.alerts,
      ),
      dashboard: emit(
        this,
        'dashboard',
        k8s.KubeConfigMap.manifest({
          metadata: metadata('-dashboard', DASHBOARD_LABEL),
          data: { [`${props.namespace}-${topology.name}.json`]: dashboard },
        }),
        overrides?.dashboard,
      ),
    };
  }
}

/** Pods, since nobody calls a worker and it has no service. The name of the workload becomes a label of its samples. */
function workloadsMonitor(topology: Topology) {
  return {
    selector: { matchLabels: platformLabels(topology) },
    podTargetLabels: ['app.kubernetes.io/name', 'app.kubernetes.io/component'],
    podMetricsEndpoints: [{ port: 'ops', path: '/metrics', ...SCRAPE }],
  };
}

function watchedQueues({ topology, namespace, broker }: PlatformMonitoringProps): readonly WatchedQueue[] {
  return Object.values(topology.workers).map((worker) => {
    if (broker === undefined) {
      throw new ConstructError(
        'reference-missing',
        `monitoring of ${topology.name}`,
        `expected the broker of queue ${worker.queue}`,
      );
    }
    const queue = topology.queues[worker.queue] as ResolvedQueue;
    return { namespace, worker, queue, brokerNamespace: broker.nats.namespace, streamSize: broker.streamSize };
  });
}

function watchedEngines({ topology, namespace }: PlatformMonitoringProps): readonly WatchedEngine[] {
  return Object.values(topology.engines).map((engine) => ({ namespace, engine }));
}

function ruleGroups(
  { topology, namespace, broker, runbooks }: PlatformMonitoringProps,
  brokerJob: string | undefined,
  queues: readonly WatchedQueue[],
  engines: readonly WatchedEngine[],
): readonly RuleGroup[] {
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
    ...queues.map((watched) => group(`queue.${watched.queue.id}`, rulesOf(queueAlertRules(watched)))),
    ...engines.map((watched) => group(`engine.${watched.engine.id}`, rulesOf(engineAlertRules(watched)))),
    ...(broker === undefined || brokerJob === undefined
      ? []
      : [
          group(
            'broker',
            rulesOf([
              serverMissing({
                title: 'NATS',
                job: brokerJob,
                namespace: broker.nats.namespace,
                servers: broker.nats.replicas,
                consequence: 'one fewer than a majority and every stream stands still',
              }),
            ]),
          ),
        ]),
  ];
}
