import type { Bytes, Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { JetStreamQueue, type NatsService } from '../constructs/kubernetes/index.ts';

export interface MessagingChartProps {
  readonly topology: Topology;
  readonly namespace: string;
  readonly nats: NatsService;
  /** Disk that each stream may take on every server. */
  readonly streamSize: Bytes;
}

/** The queues of a topology: streams, dead letters and consumers. */
export class MessagingChart extends Chart {
  /** By the id of the queue. */
  readonly queues: Readonly<Record<string, JetStreamQueue>>;

  constructor(scope: Construct, id: string, { topology, namespace, nats, streamSize }: MessagingChartProps) {
    super(scope, id, { namespace });
    this.queues = Object.fromEntries(
      Object.values(topology.workers).map((worker) => [
        worker.queue,
        new JetStreamQueue(this, worker.queue, { topology, worker, nats, maxBytes: streamSize }),
      ]),
    );
  }
}
