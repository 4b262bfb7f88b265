import type { Bytes, ResolvedWorker, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ConstructError } from '../../errors.ts';
import type { Runbooks } from '../../monitoring/alert.ts';
import { platformDashboardJson, platformRules, type WatchedPlatform } from '../../monitoring/platform-rules.ts';
import { SCRAPE } from '../../monitoring/promql.ts';
import type { WatchedTraces } from '../../monitoring/trace-rules.ts';
import { emit, type Override } from '../api-object.ts';
import { prometheusRule } from '../crd/monitoring.ts';
import { platformLabels, platformMetadata } from '../labels.ts';
import type { NatsService } from '../nats-service.ts';
import { BrokerMonitor } from './broker-monitor.ts';
import { type Collector, collectFrom } from './collector.ts';

type Labels = Readonly<Record<string, string>>;

export interface PlatformMonitoringProps {
  readonly topology: Topology;
  readonly namespace: string;
  /** Where its queues are, and the disk that each stream may take on every server. @default - it has no queues */
  readonly broker?: { readonly nats: NatsService; readonly streamSize: Bytes };
  /** Who decides which of its traces are kept. @default - nobody traces */
  readonly traces?: WatchedTraces;
  /** Labels by which the cluster's Prometheus picks its monitors and rules. @default - none: it takes all there are */
  readonly pickedBy?: Labels;
  /** `google-managed` leaves rules and dashboard to whoever evaluates `watched`. @default 'prometheus-operator' */
  readonly collector?: Collector;
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
    readonly alerts: ApiObject | undefined;
    readonly dashboard: ApiObject | undefined;
  };
  /** What the rules and the dashboard are made of, wherever they are. */
  readonly watched: WatchedPlatform;

  /** @throws {ConstructError} `reference-missing` for queues without a broker */
  constructor(scope: Construct, id: string, props: PlatformMonitoringProps) {
    super(scope, id);
    const { topology, overrides } = props;
    const metadata = (suffix: string, labels: Labels) =>
      platformMetadata(topology, `${topology.name}${suffix}`, labels);
    const picked = props.pickedBy ?? {};
    const collector = props.collector ?? 'prometheus-operator';
    const elsewhere = collector === 'google-managed';
    const broker =
      props.broker === undefined
        ? undefined
        : new BrokerMonitor(this, 'broker', {
            topology,
            namespace: props.namespace,
            broker: { kind: 'nats', service: props.broker.nats },
            pickedBy: picked,
            collector,
            ...(overrides?.broker === undefined ? {} : { overrides: { monitor: overrides.broker } }),
          });
    const watched = watchedPlatform(props, broker?.job);
    this.watched = watched;
    this.nodes = {
      workloads: collectFrom(
        this,
        'workloads',
        collector,
        { metadata: metadata('', picked), spec: workloadsMonitor(topology) },
        overrides?.workloads,
      ),
      broker: broker?.nodes.monitor,
      alerts: elsewhere
        ? undefined
        : prometheusRule(
            this,
            'alerts',
            { metadata: metadata('', picked), spec: { groups: platformRules(watched) } },
            overrides?.alerts,
          ),
      dashboard: elsewhere
        ? undefined
        : emit(
            this,
            'dashboard',
            k8s.KubeConfigMap.manifest({
              metadata: metadata('-dashboard', DASHBOARD_LABEL),
              data: { [`${props.namespace}-${topology.name}.json`]: platformDashboardJson(watched) },
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

/** @throws {ConstructError} `reference-missing` for queues without a broker */
function watchedPlatform(props: PlatformMonitoringProps, job: string | undefined): WatchedPlatform {
  const { topology, namespace, broker, traces, runbooks } = props;
  const [worker] = Object.values<ResolvedWorker>(topology.workers);
  if (worker !== undefined && broker === undefined) {
    throw new ConstructError(
      'reference-missing',
      `monitoring of ${topology.name}`,
      `expected the broker of queue ${worker.queue}`,
    );
  }
  return {
    topology,
    namespace,
    ...(broker === undefined || job === undefined
      ? {}
      : {
          nats: {
            namespace: broker.nats.namespace,
            servers: broker.nats.replicas,
            job,
            streamSize: broker.streamSize,
          },
        }),
    ...(traces === undefined ? {} : { traces }),
    ...(runbooks === undefined ? {} : { runbooks }),
  };
}
