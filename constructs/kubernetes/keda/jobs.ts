import { ARRIVAL_WINDOW, type ResolvedWorker } from '@penstock/model';
import { JOB_METRICS, prometheusDuration, rate, series } from '../../monitoring/promql.ts';
import { type ArrivalRate, type PrometheusRateProps, prometheusRate, prometheusTrigger } from './arrival-rate.ts';
import type { Backlog } from './backlog.ts';

/** Jobs as a task queue tells Prometheus of them. Every replica tells the same: what lies in the store. */
export interface JobSignalProps extends Pick<PrometheusRateProps, 'server' | 'access'> {
  /** Where the task queue runs. */
  readonly namespace: string;
  /** Id of the queue of jobs. */
  readonly queue: string;
  readonly worker: Pick<ResolvedWorker, 'lagThreshold' | 'ratePerReplica'>;
}

const seriesOf = (metric: string, { namespace, queue }: JobSignalProps): string => series(metric, { namespace, queue });

/**
 * Jobs that are due or out. The lag of the bus would not do: no more references are on it than the workers there are
 * can hold, so it never asks for more of them.
 *
 * @throws {ConstructError} `reference-missing` when the authentication is not what `by` says
 */
export const jobsBacklog = (props: JobSignalProps): Backlog => ({
  signal: 'backlog',
  triggers: [
    prometheusTrigger(props, {
      query: `max(${seriesOf(JOB_METRICS.backlog, props)})`,
      threshold: String(props.worker.lagThreshold),
      // One job is reason enough to start.
      activationThreshold: '0',
    }),
  ],
});

/**
 * Jobs a second that are added, those that were known not counted.
 *
 * @throws {ConstructError} `reference-missing` when the authentication is not what `by` says
 */
export const jobsArrivals = (props: JobSignalProps): ArrivalRate =>
  prometheusRate({
    ...props,
    query: `max(${rate(seriesOf(JOB_METRICS.arrived, props), prometheusDuration(ARRIVAL_WINDOW))})`,
    ratePerReplica: props.worker.ratePerReplica,
  });
