import { type BatchObservableResult, metrics } from '@opentelemetry/api';
import { type Dispatcher, type JobStore, jobBacklog } from '@penstock/kit/jobs';

/** What came of a request to add a job. */
export type Added = 'new' | 'duplicate' | 'refused';

export interface ObservedJobs {
  readonly queues: readonly string[];
  readonly store: Pick<JobStore, 'run'>;
  readonly dispatcher: Pick<Dispatcher, 'numbers'>;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Metrics of the server, in OpenTelemetry's style. A scaler asks for the backlog and the growth of arrivals. */
export class JobInstruments {
  readonly #meter = metrics.getMeter('@penstock/task-queue');
  readonly #added = this.#meter.createCounter('penstock.jobs.requests', {
    description: 'Requests to add a job, by outcome: a duplicate is one whose key was known',
  });

  added(queue: string, outcome: Added): void {
    this.#added.add(1, { queue, outcome });
  }

  /** Observes queues whenever metrics are asked for. @returns what ends it */
  observe({ queues, store, dispatcher, now = Date.now }: ObservedJobs): () => void {
    const gauge = (name: string, description: string, unit?: string) =>
      this.#meter.createObservableGauge(name, { description, ...(unit === undefined ? {} : { unit }) });
    const counter = (name: string, description: string) => this.#meter.createObservableCounter(name, { description });
    const jobs = gauge('penstock.jobs', 'Jobs by state, exact up to 10,000; delayed ones are ready and not due');
    const backlog = gauge(
      'penstock.jobs.backlog',
      'Jobs that are due or out: what replicas of their worker are added by',
    );
    const oldest = gauge('penstock.jobs.oldest', 'How long the ready job has been due that is due longest', 's');
    const paused = gauge('penstock.jobs.paused', '1 while the queue is paused');
    const leads = gauge('penstock.dispatcher.leads', '1 where this process releases the jobs of the queue');
    const arrived = counter('penstock.jobs.arrived', 'Jobs that were added, duplicates not counted');
    const ended = counter('penstock.jobs.ended', 'Jobs that are over, however they ended');
    const failed = counter('penstock.jobs.failed', 'Jobs that became dead letters');
    const released = counter('penstock.dispatcher.released', 'Jobs that this process released');
    const reclaimed = counter('penstock.dispatcher.reclaimed', 'Jobs released again since nobody began or kept them');
    const unconfirmed = counter('penstock.dispatcher.unconfirmed', 'Publishes that the bus did not confirm');
    const look = async (result: BatchObservableResult): Promise<void> => {
      for (const [queue, numbers] of dispatcher.numbers) {
        result.observe(leads, numbers.leads ? 1 : 0, { queue });
        result.observe(released, numbers.released, { queue });
        result.observe(reclaimed, numbers.reclaimed, { queue });
        result.observe(unconfirmed, numbers.unconfirmed, { queue });
      }
      for (const queue of queues) {
        const { states, oldestReadyMs, pausedAt } = await store.run('counts', queue, now());
        const measure = await store.run('measure', queue, now());
        for (const [state, count] of Object.entries({ ...states, ready: measure.ready, delayed: measure.delayed }))
          result.observe(jobs, count, { queue, state });
        result.observe(backlog, jobBacklog(measure), { queue });
        result.observe(oldest, oldestReadyMs / 1_000, { queue });
        result.observe(paused, pausedAt === undefined ? 0 : 1, { queue });
        result.observe(arrived, measure.added, { queue });
        result.observe(ended, measure.ended, { queue });
        result.observe(failed, measure.failed, { queue });
      }
    };
    const observed = [jobs, backlog, oldest, paused, leads, arrived, ended, failed, released, reclaimed, unconfirmed];
    this.#meter.addBatchObservableCallback(look, observed);
    return () => this.#meter.removeBatchObservableCallback(look, observed);
  }
}
