import type { ResolvedObjective, ResolvedQueue, Topology } from '@penstock/model';
import { monitoring } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import { ConstructError } from '../../errors.ts';
import { WORKER_METRICS } from '../../monitoring/promql.ts';
import type { GoogleProject } from '../google-project.ts';

export interface ServiceObjectiveArgs {
  readonly project: GoogleProject;
  readonly topology: Topology;
  /** Id of an objective of the topology. */
  readonly objective: string;
  /** Of the platform in its cluster. */
  readonly namespace: string;
}

const DAY_SECONDS = 86_400;
const LONGEST_WINDOW = 30;
/** Cloud Monitoring counts no budget that is smaller. */
const HIGHEST_GOAL = 0.9999;

/**
 * An objective of the declaration as Cloud Monitoring counts it, for its page of services and their budgets. A budget is
 * of one metric there, so that an item which is late and one that was given up each have theirs; the alerts count both
 * as one, and look back further than the three days that a burn rate of Cloud Monitoring does not reach.
 */
export class ServiceObjective extends ComponentResource {
  readonly nodes: {
    readonly service: monitoring.CustomService;
    /** Of what was done, what was done in time. */
    readonly inTime: monitoring.Slo;
    /** Of what was taken from the queue, what was not given up. */
    readonly done: monitoring.Slo;
  };

  /**
   * @throws {ConstructError} `reference-missing` for an objective that is not there, `window-too-long` or
   * `quantity-malformed` for one that Cloud Monitoring does not count
   */
  constructor(name: string, args: ServiceObjectiveArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:ServiceObjective', name, {}, options);
    const { project, topology, namespace } = args;
    const objective: ResolvedObjective | undefined = topology.objectives[args.objective];
    const queue = objective && (topology.queues[objective.queue] as ResolvedQueue);
    if (objective === undefined || queue === undefined)
      throw new ConstructError('reference-missing', name, `${topology.name} has no objective ${args.objective}`);
    const counted = { goal: goalOf(name, objective), rollingPeriodDays: daysOf(name, objective) };
    const service = new monitoring.CustomService(
      name,
      {
        project: project.id,
        serviceId: `${topology.name}-${objective.id}`,
        displayName: `${topology.name}: queue ${queue.id}`,
        userLabels: { platform: topology.name },
      },
      { parent: this },
    );
    const of = [
      'resource.type="prometheus_target"',
      `resource.labels.namespace="${namespace}"`,
      `metric.labels.messaging_destination_name="${queue.id}"`,
    ];
    const counter = (outcome: string): string =>
      [
        `metric.type="prometheus.googleapis.com/${WORKER_METRICS.consumed}/counter"`,
        ...of,
        `metric.labels.outcome="${outcome}"`,
      ].join(' AND ');
    const slo = (what: string, displayName: string, requestBasedSli: monitoring.SloArgs['requestBasedSli']) =>
      new monitoring.Slo(
        `${name}-${what}`,
        {
          project: project.id,
          service: service.serviceId,
          sloId: `${objective.id}-${what}`,
          displayName,
          ...counted,
          ...(requestBasedSli === undefined ? {} : { requestBasedSli }),
          userLabels: { platform: topology.name },
        },
        { parent: this },
      );
    this.nodes = {
      service,
      inTime: slo('in-time', `${objective.target} of ${queue.id} done within ${queue.doneWithin}`, {
        distributionCut: {
          distributionFilter: [
            `metric.type="prometheus.googleapis.com/${WORKER_METRICS.latency}/histogram"`,
            ...of,
          ].join(' AND '),
          range: { min: 0, max: queue.doneWithin.inSeconds },
        },
      }),
      done: slo('done', `${objective.target} of ${queue.id} not given up`, {
        goodTotalRatio: { goodServiceFilter: counter('done'), badServiceFilter: counter('dead-lettered') },
      }),
    };
    this.registerOutputs({});
  }
}

function goalOf(path: string, { target }: ResolvedObjective): number {
  if (target.value > 0 && target.value <= HIGHEST_GOAL) return target.value;
  throw new ConstructError('quantity-malformed', path, `received ${target}, expected more than 0% and at most 99.99%`);
}

function daysOf(path: string, { window }: ResolvedObjective): number {
  const days = window.inSeconds / DAY_SECONDS;
  if (Number.isInteger(days) && days >= 1 && days <= LONGEST_WINDOW) return days;
  throw new ConstructError('window-too-long', path, `received ${window}, expected 1 to ${LONGEST_WINDOW} whole days`);
}
