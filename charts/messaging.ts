import type { Bytes, Topology } from '@penstock/model';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { JetStreamQueue, type NatsAccess, NatsAccount, type NatsService } from '../constructs/kubernetes/index.ts';

export interface MessagingChartProps {
  readonly topology: Topology;
  readonly namespace: string;
  readonly nats: NatsService;
  /** @default - the servers let anyone in */
  readonly access?: NatsAccess;
  /** Disk that each stream may take on every server. */
  readonly streamSize: Bytes;
}

/** The queues of a topology: streams, dead letters and consumers. */
export class MessagingChart extends Chart {
  /** By the id of the queue. */
  readonly queues: Readonly<Record<string, JetStreamQueue>>;

  constructor(scope: Construct, id: string, props: MessagingChartProps) {
    super(scope, id, { namespace: props.namespace });
    const { topology, nats, access, streamSize } = props;
    const account = new NatsAccount(this, 'account', { topology, nats, ...(access === undefined ? {} : { access }) });
    this.queues = Object.fromEntries(
      Object.values(topology.workers).map((worker) => [
        worker.queue,
        new JetStreamQueue(this, worker.queue, { topology, worker, nats, account, maxBytes: streamSize }),
      ]),
    );
  }
}
