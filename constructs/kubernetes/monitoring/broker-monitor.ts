import type { Topology } from '@penstock/model';
import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import type { Override } from '../api-object.ts';
import { type PodMonitorSpec, podMonitor } from '../crd/monitoring.ts';
import { platformMetadata } from '../labels.ts';
import type { NatsService } from '../nats-service.ts';
import { SCRAPE } from './promql.ts';

type Labels = Readonly<Record<string, string>>;

/** A broker or database that is there, by what made it: each labels its pods and names its port in a way of its own. */
export type MonitoredBroker =
  | { readonly kind: 'nats'; readonly service: NatsService }
  | { readonly kind: 'kafka' | 'rabbitmq' | 'postgres'; readonly namespace: string; readonly cluster: string };

export interface BrokerMonitorProps {
  readonly topology: Topology;
  /** Where the monitor itself lies; the broker may lie elsewhere. */
  readonly namespace: string;
  readonly broker: MonitoredBroker;
  /** Labels by which the cluster's Prometheus picks its monitors. @default - none: it takes all there are */
  readonly pickedBy?: Labels;
  readonly overrides?: { readonly monitor?: Override };
}

/** Scrapes every pod of a broker. */
export class BrokerMonitor extends Construct {
  readonly nodes: { readonly monitor: ApiObject };
  /** What Prometheus calls its targets: the value of their label `job`. */
  readonly job: string;

  constructor(scope: Construct, id: string, { topology, namespace, broker, pickedBy, overrides }: BrokerMonitorProps) {
    super(scope, id);
    const suffix = broker.kind === 'nats' ? 'nats' : `${broker.kind}-${broker.cluster}`;
    const metadata = platformMetadata(topology, `${topology.name}-${suffix}`, pickedBy);
    this.nodes = { monitor: podMonitor(this, 'monitor', { metadata, spec: specOf(broker) }, overrides?.monitor) };
    this.job = `${namespace}/${metadata.name}`;
  }
}

function specOf(broker: MonitoredBroker): PodMonitorSpec {
  const { pods, port } = targetsOf(broker);
  return {
    selector: { matchLabels: pods },
    namespaceSelector: { matchNames: [broker.kind === 'nats' ? broker.service.namespace : broker.namespace] },
    podMetricsEndpoints: [{ port, path: '/metrics', ...SCRAPE }],
  };
}

/** Labels and port as NATS's chart, Strimzi, the RabbitMQ operator and CloudNativePG give them to their pods. */
function targetsOf(broker: MonitoredBroker): { readonly pods: Labels; readonly port: string } {
  switch (broker.kind) {
    case 'nats':
      return { pods: broker.service.podLabels, port: 'prom-metrics' };
    case 'kafka':
      return { pods: { 'strimzi.io/kind': 'Kafka', 'strimzi.io/cluster': broker.cluster }, port: 'tcp-prometheus' };
    case 'rabbitmq':
      return {
        pods: { 'app.kubernetes.io/component': 'rabbitmq', 'app.kubernetes.io/name': broker.cluster },
        port: 'prometheus',
      };
    case 'postgres':
      return { pods: { 'cnpg.io/podRole': 'instance', 'cnpg.io/cluster': broker.cluster }, port: 'metrics' };
  }
}
