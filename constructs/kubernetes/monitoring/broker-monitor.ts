import type { ResolvedTopic, Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { type AlertProps, alertRule, type Runbooks } from '../../monitoring/alert.ts';
import { SCRAPE } from '../../monitoring/promql.ts';
import { EVALUATION } from '../../monitoring/rule.ts';
import type { Override } from '../api-object.ts';
import { type PodMonitorSpec, prometheusRule } from '../crd/monitoring.ts';
import type { KafkaService } from '../kafka-service.ts';
import { platformMetadata } from '../labels.ts';
import type { NatsService } from '../nats-service.ts';
import type { PostgresService } from '../postgres-service.ts';
import type { RabbitMqService } from '../rabbitmq-service.ts';
import type { ValkeyService } from '../valkey-service.ts';
import { type Collector, collectFrom, jobOf } from './collector.ts';
import { kafkaAlertRules } from './kafka-rules.ts';
import { postgresAlertRules } from './postgres-rules.ts';
import { rabbitMqAlertRules } from './rabbitmq-rules.ts';
import { valkeyAlertRules } from './valkey-rules.ts';

type Labels = Readonly<Record<string, string>>;

/** A broker or database that is there, by what made it: each labels its pods and names its port in a way of its own. */
export type MonitoredBroker =
  | { readonly kind: 'nats'; readonly service: NatsService }
  | { readonly kind: 'rabbitmq'; readonly service: RabbitMqService }
  /** `topics` are those of the topology that are on it; every consumer of them is watched. */
  | { readonly kind: 'kafka'; readonly service: KafkaService; readonly topics: readonly ResolvedTopic[] }
  | { readonly kind: 'postgres'; readonly service: PostgresService }
  | { readonly kind: 'valkey'; readonly service: ValkeyService };

export interface BrokerMonitorProps {
  readonly topology: Topology;
  /** Where the monitor itself lies; the broker may lie elsewhere. */
  readonly namespace: string;
  readonly broker: MonitoredBroker;
  /** Labels by which the cluster's Prometheus picks its monitors. @default - none: it takes all there are */
  readonly pickedBy?: Labels;
  /** @default 'prometheus-operator' */
  readonly collector?: Collector;
  /** Where the page of each alert is. @default - alerts name none */
  readonly runbooks?: Runbooks;
  readonly overrides?: { readonly monitor?: Override; readonly alerts?: Override };
}

/** Scrapes every pod of a broker, and says what is worth an alert. Those of NATS are the platform's. */
export class BrokerMonitor extends Construct {
  readonly nodes: { readonly monitor: ApiObject; readonly alerts?: ApiObject };
  /** What Prometheus calls its targets: the value of their label `job`. */
  readonly job: string;

  constructor(scope: Construct, id: string, props: BrokerMonitorProps) {
    super(scope, id);
    const { topology, namespace, broker, pickedBy, overrides } = props;
    const name = `${topology.name}-${suffixOf(broker)}`;
    const metadata = platformMetadata(topology, name, pickedBy);
    const collector = props.collector ?? 'prometheus-operator';
    this.job = jobOf(collector, namespace, name);
    const rules = alertsOf(broker, this.job).map((alert) => alertRule(alert, props.runbooks));
    const groups = [{ name, interval: EVALUATION, rules }];
    this.nodes = {
      monitor: collectFrom(this, 'monitor', collector, { metadata, spec: specOf(broker) }, overrides?.monitor),
      ...(rules.length === 0 || collector === 'google-managed'
        ? {}
        : { alerts: prometheusRule(this, 'alerts', { metadata, spec: { groups } }, overrides?.alerts) }),
    };
  }
}

function alertsOf(broker: MonitoredBroker, job: string): readonly AlertProps[] {
  switch (broker.kind) {
    case 'rabbitmq':
      return rabbitMqAlertRules(broker.service, job);
    case 'kafka':
      return kafkaAlertRules({ kafka: broker.service, job }, broker.topics);
    case 'postgres':
      return postgresAlertRules(broker.service, job);
    case 'valkey':
      return valkeyAlertRules(broker.service, job);
    default:
      return [];
  }
}

function suffixOf(broker: MonitoredBroker): string {
  switch (broker.kind) {
    case 'nats':
      return 'nats';
    default:
      return `${broker.kind}-${broker.service.name}`;
  }
}

function specOf(broker: MonitoredBroker): PodMonitorSpec {
  const { pods, port } = targetsOf(broker);
  return {
    selector: { matchLabels: pods },
    namespaceSelector: { matchNames: [broker.service.namespace] },
    podMetricsEndpoints: [{ port, path: '/metrics', ...SCRAPE }],
  };
}

/** Labels and port as NATS's chart, Strimzi, the RabbitMQ operator and CloudNativePG give them to their pods. */
function targetsOf(broker: MonitoredBroker): { readonly pods: Labels; readonly port: string } {
  switch (broker.kind) {
    case 'nats':
      return { pods: broker.service.podLabels, port: 'prom-metrics' };
    case 'rabbitmq':
      return { pods: broker.service.podLabels, port: 'prometheus' };
    case 'kafka':
      // Brokers, controllers and the exporter; the operators have no port of this name.
      return { pods: { 'strimzi.io/kind': 'Kafka', ...broker.service.labels }, port: 'tcp-prometheus' };
    case 'postgres':
      return { pods: broker.service.instanceLabels, port: 'metrics' };
    case 'valkey':
      return { pods: broker.service.podLabels, port: 'metrics' };
  }
}
