import type { Topology } from '@penstock/model';
import type { App, Stack } from 'aws-cdk-lib';
import type { WatchedService } from '../../constructs/aws/alarm.ts';
import { modelAlarms } from '../../constructs/aws/alarms/bedrock.ts';
import { eksAlarms } from '../../constructs/aws/alarms/eks.ts';
import { kafkaAlarms } from '../../constructs/aws/alarms/kafka.ts';
import { postgresAlarms } from '../../constructs/aws/alarms/postgres.ts';
import { prometheusAlarms } from '../../constructs/aws/alarms/prometheus.ts';
import { rabbitMqAlarms } from '../../constructs/aws/alarms/rabbitmq.ts';
import { endpointAlarms } from '../../constructs/aws/alarms/sagemaker.ts';
import { valkeyAlarms } from '../../constructs/aws/alarms/valkey.ts';
import { AlertTopics } from '../../constructs/aws/alert-topics.ts';
import { askedName } from '../../constructs/aws/bedrock-access.ts';
import { DataKey } from '../../constructs/aws/data-key.ts';
import { ManagedGrafana } from '../../constructs/aws/managed-grafana.ts';
import { ManagedPrometheus } from '../../constructs/aws/managed-prometheus.ts';
import { PublishedBindings } from '../../constructs/aws/published-bindings.ts';
import { ServiceAlarms } from '../../constructs/aws/service-alarms.ts';
import { ServiceDashboard } from '../../constructs/aws/service-dashboard.ts';
import { TraceSearch, traceEndpoint } from '../../constructs/aws/trace-search.ts';
import type { AwsEnvironment, ObservabilityEnvironment } from '../environments/aws-environment.ts';
import { watchedPlatform } from '../kubernetes/watched-platform.ts';
import { servedByCluster, servedEngines, servedName } from './served-engines.ts';
import { addressPrefix, environmentName, stackOf } from './stack-of.ts';

/** What the stack of workloads reads of what observes it, by parameter. */
export const OBSERVABILITY_ADDRESSES = {
  /** Where Prometheus in the cluster writes to. */
  remoteWrite: 'metrics-remote-write',
  /** ARN of the workspace, for the right to write there. */
  workspace: 'metrics-workspace',
  /** Where a collector sends spans. */
  traces: 'traces-endpoint',
} as const;

/**
 * Changes with the promises of the declaration, and not with what keeps them: everything is known by its name, so that it
 * refers to no other stack and holds none of them back.
 */
export function observabilityStack(
  app: App,
  topology: Topology,
  environment: AwsEnvironment,
  { emails, retentionDays, grafana, traces }: ObservabilityEnvironment,
): Stack {
  const stack = stackOf(app, topology, environment, 'observability', {
    description: 'Metrics, alarms, dashboards and traces of the platform',
    terminationProtection: true,
  });
  const name = environmentName(topology, environment);
  const { key } = new DataKey(stack, 'Key', { description: `What is observed of ${name}` });
  const topics = new AlertTopics(stack, 'Topics', { name, key, emails });
  const watched = watchedPlatform(servedByCluster(topology, environment), environment.workloads);
  const prometheus = new ManagedPrometheus(stack, 'Prometheus', {
    name,
    watched,
    topics,
    key,
    ...(retentionDays === undefined ? {} : { retentionDays }),
  });
  if (grafana !== undefined) new ManagedGrafana(stack, 'Grafana', { name, prometheus, ...grafana });
  if (traces !== undefined) new TraceSearch(stack, 'Traces', { name, ...traces });
  const services = [...watchedServices(topology, environment), prometheusAlarms(name, prometheus.workspaceId)];
  const { runbooks } = watched;
  new ServiceAlarms(stack, 'Alarms', { name, services, topics, ...(runbooks === undefined ? {} : { runbooks }) });
  new ServiceDashboard(stack, 'Dashboard', { name, services });
  new PublishedBindings(stack, 'Addresses', {
    prefix: addressPrefix(topology, environment),
    values: {
      [OBSERVABILITY_ADDRESSES.remoteWrite]: prometheus.remoteWrite,
      [OBSERVABILITY_ADDRESSES.workspace]: prometheus.workspace,
      [OBSERVABILITY_ADDRESSES.traces]: traceEndpoint(stack),
    },
  });
  return stack;
}

/** What Amazon runs for an environment, by the names that the other stacks give it. */
function watchedServices(topology: Topology, environment: AwsEnvironment): readonly WatchedService[] {
  const named = { name: environmentName(topology, environment), topology };
  const { kafka, database, cache, rabbitMq } = environment.data ?? {};
  return [
    eksAlarms(named),
    ...(kafka === undefined || Object.keys(topology.topics).length === 0
      ? []
      : [kafkaAlarms({ ...named, kind: kafka.kind })]),
    ...(database === undefined
      ? []
      : [postgresAlarms({ ...named, capacity: database.capacity, readers: database.readers ?? 1 })]),
    ...(cache === undefined ? [] : [valkeyAlarms({ ...named, kind: cache.kind })]),
    ...(rabbitMq === undefined ? [] : [rabbitMqAlarms(named)]),
    ...servedEngines(topology, environment).map(({ engine, form }) =>
      form.by === 'bedrock'
        ? modelAlarms({ engine, asked: askedName(form.model) })
        : endpointAlarms({ name: servedName(topology, environment, engine.id), engine, serving: form.serving }),
    ),
  ];
}
