import { type BatchObservableResult, metrics } from '@opentelemetry/api';
import type { PartitionLag } from '../log/port.ts';
import type { FlowState } from './record-flow.ts';

/** A consumer as its metrics know it: `TopicConsumer` and `EventConsumer` are. */
export interface ObservedConsumer {
  readonly state: FlowState;
  lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>>;
}

/** Observes a consumer whenever metrics are asked for. @returns what ends it */
export function observeConsumer(consumer: ObservedConsumer, group: string): () => void {
  const meter = metrics.getMeter('@penstock/kit');
  const lag = meter.createObservableGauge('penstock.consumer.lag', {
    description: 'Records of a partition that the group has not committed',
  });
  const inHand = meter.createObservableGauge('penstock.consumer.in_hand', {
    description: 'Records that this process has taken and not done',
  });
  const handled = meter.createObservableCounter('penstock.consumer.handled', {
    description: 'Records that this process has handled',
  });
  const retried = meter.createObservableCounter('penstock.consumer.retried', {
    description: 'Records that this process has moved to a retry topic',
  });
  const dead = meter.createObservableCounter('penstock.consumer.dead_lettered', {
    description: 'Records that this process has given up for good',
  });
  const name = { 'messaging.consumer.group.name': group };
  const look = async (result: BatchObservableResult): Promise<void> => {
    const { state } = consumer;
    result.observe(inHand, state.inHand, name);
    result.observe(handled, state.handled, name);
    result.observe(retried, state.retried, name);
    result.observe(dead, state.deadLettered, name);
    for (const [topic, partitions] of await consumer.lag())
      for (const { partition, lag: behind } of partitions)
        result.observe(lag, behind, {
          ...name,
          'messaging.destination.name': topic,
          'messaging.destination.partition.id': String(partition),
        });
  };
  const all = [lag, inHand, handled, retried, dead];
  meter.addBatchObservableCallback(look, all);
  return () => meter.removeBatchObservableCallback(look, all);
}
