import { type BatchObservableResult, metrics } from '@opentelemetry/api';
import type { EventDatabase, OutboxRelay } from '@penstock/kit/events';

export interface ObservedEvents {
  readonly database: EventDatabase;
  readonly relay: Pick<OutboxRelay, 'state'>;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Observes outbox, sagas and relay whenever metrics are asked for. @returns what ends it */
export function observeEvents({ database, relay, now = Date.now }: ObservedEvents): () => void {
  const meter = metrics.getMeter('@penstock/event-backbone');
  const waiting = meter.createObservableGauge('penstock.outbox.events', {
    description: 'Events that wait for the log, those that it refused among them',
  });
  const refused = meter.createObservableGauge('penstock.outbox.refused', {
    description: 'Events that the log refused: those of their aggregates wait behind them',
  });
  const oldest = meter.createObservableGauge('penstock.outbox.oldest', {
    description: 'How long the event has waited that waits longest',
    unit: 's',
  });
  const sagas = meter.createObservableGauge('penstock.sagas', {
    description: 'Sagas by where they are: those that are parked wait for a person',
  });
  const leads = meter.createObservableGauge('penstock.relay.leads', { description: '1 where this process relays' });
  const published = meter.createObservableCounter('penstock.relay.published', {
    description: 'Events that this process brought into the log',
  });
  const follows = meter.createObservableGauge('penstock.relay.follows', {
    description: '1 where the log of the database tells this process of events, 0 where it looks into the outbox',
  });
  const slot = meter.createObservableGauge('penstock.relay.slot', {
    description: 'What the database keeps of its log for the relay',
    unit: 'By',
  });
  const look = async (result: BatchObservableResult): Promise<void> => {
    result.observe(leads, relay.state.leads ? 1 : 0);
    result.observe(published, relay.state.published);
    result.observe(follows, relay.state.reads === 'database log' ? 1 : 0);
    result.observe(slot, relay.state.slot?.retainedBytes ?? 0);
    const measure = await database.run('measureOutbox');
    result.observe(waiting, measure.waiting);
    result.observe(refused, measure.refused);
    for (const { saga, status, count } of await database.run('countSagas'))
      result.observe(sagas, count, { saga, status });
    result.observe(oldest, measure.oldestAt === undefined ? 0 : Math.max(0, now() - measure.oldestAt) / 1_000);
  };
  const all = [waiting, refused, oldest, sagas, leads, published, follows, slot];
  meter.addBatchObservableCallback(look, all);
  return () => meter.removeBatchObservableCallback(look, all);
}
