import type { ResolvedInferenceEngine, Topology } from '@penstock/model';
import { monitoring } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, output } from '@pulumi/pulumi';
import { ConstructError } from '../../errors.ts';
import { type AlertProps, alertRule, type Runbooks } from '../../monitoring/alert.ts';
import { platformDashboardSpec, platformRules, type WatchedNats } from '../../monitoring/platform-rules.ts';
import { EVALUATION } from '../../monitoring/rule.ts';
import type { WatchedTraces } from '../../monitoring/trace-rules.ts';
import type { CloudSqlPostgres } from '../cloud-sql-postgres.ts';
import type { GoogleProject } from '../google-project.ts';
import type { ManagedKafka } from '../managed-kafka.ts';
import type { MemorystoreValkey } from '../memorystore-valkey.ts';
import type { VertexEndpoint } from '../vertex-endpoint.ts';
import { alertPolicy, type Notified, type PolicyAlert, policyName } from './alert-policy.ts';
import { cloudDashboards } from './cloud-dashboard.ts';
import { inlinedAlerts } from './inlined-records.ts';
import { cloudSqlRules, managedKafkaRules, memorystoreRules, unschedulableRule, vertexRules } from './managed-rules.ts';
import { ServiceObjective } from './service-objective.ts';

export interface PlatformMonitoringArgs {
  readonly project: GoogleProject;
  readonly topology: Topology;
  /** Of the platform in its cluster. One project has one cluster with such a namespace: policies do not ask for more. */
  readonly namespace: string;
  readonly notified: Notified;
  /** NATS in the cluster, where its queues are on it. @default - what its broker alone can say is not asked */
  readonly nats?: WatchedNats;
  /** Who decides in the cluster which of its traces are kept. @default - nobody traces */
  readonly traces?: WatchedTraces;
  /** What Google runs for it. @default - none of these */
  readonly managed?: {
    readonly kafka?: ManagedKafka;
    readonly database?: CloudSqlPostgres;
    readonly cache?: MemorystoreValkey;
    /** Endpoints of Vertex AI, by the id of the engine behind each. */
    readonly endpoints?: Readonly<Record<string, VertexEndpoint>>;
  };
  /** Where the page of each alert is. @default - alerts name none */
  readonly runbooks?: Runbooks;
}

/**
 * What watches a platform on Google Cloud: its promises as objectives with budgets, the rules that Prometheus has elsewhere
 * as policies that ask Managed Prometheus, those of what Google runs beside them, and the platform's dashboard. Nothing is
 * evaluated inside of the cluster: alerts go on when it does not.
 */
export class PlatformMonitoring extends ComponentResource {
  readonly nodes: {
    /** By their names in the program. */
    readonly policies: Readonly<Record<string, monitoring.AlertPolicy>>;
    /** By the id of the objective. */
    readonly objectives: Readonly<Record<string, ServiceObjective>>;
    readonly dashboards: readonly monitoring.Dashboard[];
  };

  /**
   * @throws {ConstructError} `reference-missing` for an endpoint of an engine that is not there, and what
   * `ServiceObjective` throws
   */
  constructor(name: string, args: PlatformMonitoringArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:PlatformMonitoring', name, {}, options);
    const { project, topology, namespace, notified, runbooks } = args;
    const child = { parent: this };
    const watched = {
      // Engines behind an endpoint of Vertex AI have no pods to ask.
      topology: withoutEngines(name, topology, Object.keys(args.managed?.endpoints ?? {})),
      namespace,
      ...(args.nats === undefined ? {} : { nats: args.nats }),
      ...(args.traces === undefined ? {} : { traces: args.traces }),
      ...(runbooks === undefined ? {} : { runbooks }),
    };
    const rules: readonly PolicyAlert[] = [...inlinedAlerts(platformRules(watched)), ...managedAlerts(args)];
    this.nodes = {
      policies: Object.fromEntries(
        rules.map((rule) => [
          policyName(topology.name, rule),
          alertPolicy(topology.name, rule, notified, { ...child }),
        ]),
      ),
      objectives: Object.fromEntries(
        Object.keys(topology.objectives).map((objective) => [
          objective,
          new ServiceObjective(`${name}-${objective}`, { project, topology, objective, namespace }, child),
        ]),
      ),
      dashboards: cloudDashboards(platformDashboardSpec(watched), topology.name).map(
        (dashboard, n) =>
          new monitoring.Dashboard(
            n === 0 ? name : `${name}-${n + 1}`,
            { project: project.id, dashboardJson: JSON.stringify(dashboard) },
            child,
          ),
      ),
    };
    this.registerOutputs({});
  }
}

function withoutEngines(path: string, topology: Topology, served: readonly string[]): Topology {
  for (const id of served)
    if (topology.engines[id] === undefined)
      throw new ConstructError(
        'reference-missing',
        `${path}.managed.endpoints`,
        `${topology.name} has no engine ${id}`,
      );
  const engines = Object.fromEntries(Object.entries(topology.engines).filter(([id]) => !served.includes(id)));
  return { ...topology, engines };
}

/** Rules of what Google runs. Some of their names are given by the cloud: their number and their labels are not. */
function managedAlerts({ project, topology, namespace, managed = {}, runbooks }: PlatformMonitoringArgs) {
  const grouped = (group: string, alert: AlertProps): PolicyAlert => ({
    ...alertRule(alert, runbooks),
    group: `${topology.name}.${group}`,
    interval: EVALUATION,
  });
  /** The rules once with the name in the program, for all that has to be known now, and once with the cloud's. */
  const named = (
    group: string,
    known: string,
    given: Input<string>,
    rulesOf: (name: string) => readonly AlertProps[],
  ) =>
    rulesOf(known).map(
      (alert, n): PolicyAlert => ({
        ...grouped(group, alert),
        expr: output(given).apply((name) => (rulesOf(name)[n] as AlertProps).expr),
      }),
    );
  const { kafka, database, cache, endpoints = {} } = managed;
  return [
    grouped('cluster', unschedulableRule(topology, namespace)),
    ...(kafka === undefined
      ? []
      : named('kafka', topology.name, kafka.nodes.cluster.clusterId, (id) => managedKafkaRules(topology, id))),
    ...(database === undefined
      ? []
      : named('postgres', topology.name, database.nodes.instance.name, (id) => cloudSqlRules(`${project.id}:${id}`))),
    ...(cache === undefined ? [] : named('valkey', topology.name, cache.nodes.instance.instanceId, memorystoreRules)),
    ...Object.entries(endpoints).flatMap(([id, { nodes }]) =>
      named(`vertex.${id}`, id, nodes.endpoint.name, (endpoint) =>
        vertexRules(topology.engines[id] as ResolvedInferenceEngine, endpoint),
      ),
    ),
  ];
}
