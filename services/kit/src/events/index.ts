export { type FailedAttempt, type GivenUp, givenUpOf, originOf } from './consumer/given-up.ts';
export { type ObservedConsumer, observeConsumer } from './consumer/instruments.ts';
export type { ConsumerOptions, DeliveryContext, FlowState, RetryTopic } from './consumer/record-flow.ts';
export { type DeadRecord, type RedriveOptions, readDeadRecords, redriveRecords } from './consumer/redrive.ts';
export { type Replay, type ReplayOptions, replayRecords } from './consumer/replay.ts';
export { TopicConsumer, type TopicConsumerOptions } from './consumer/topic-consumer.ts';
export type { EventDatabase, ProvisionEventsOptions } from './event-database.ts';
export { appendToStreamWithin } from './event-store/append-to-stream-within.ts';
export { type Aggregate, EventStore, type EventStoreOptions, type LoadedAggregate } from './event-store/event-store.ts';
export {
  type ExpectedVersion,
  isBehind,
  type NewEvent,
  type Place,
  type Snapshot,
  type StoredEvent,
  type StreamAppend,
  type StreamReceipt,
} from './event-store/stored-event.ts';
export { type Acceptance, acceptWithin, INBOX_WINDOW_MS } from './inbox/accept-within.ts';
export {
  type ConsumerState,
  EventConsumer,
  type EventConsumerOptions,
  type EventEffect,
  messageIdOf,
} from './inbox/event-consumer.ts';
export { openLog, openLogAdmin } from './log/open-log.ts';
export { partitionOf } from './log/partitioner.ts';
export type * from './log/port.ts';
export { headerOf, headersOf } from './log/record-headers.ts';
export { followEvents, openEvents, provisionEvents } from './open-events.ts';
export { appendWithin } from './outbox/append-within.ts';
export type { OutboxEvent } from './outbox/outbox-event.ts';
export { type Projection, type TableOf, tableOf } from './projections/projection.ts';
export { Projector, type ProjectorOptions, type ProjectorState } from './projections/projector.ts';
export { readYourWrites } from './projections/read-model.ts';
export { OutboxRelay, type OutboxRelayOptions, type RelayState } from './relay/outbox-relay.ts';
export type { OutboxSource, SlotMeasure } from './relay/outbox-source.ts';
export { routedRecord, routedTopic } from './relay/router-record.ts';
export type { Fence, MessageEffect, Reception } from './scripts/inbox.ts';
export type { Lead } from './scripts/lead.ts';
export type { OutboxMeasure, RefusedEvent } from './scripts/outbox.ts';
export type { Checkpoint } from './scripts/projections.ts';
export type { ChainLink, InspectedSaga, SagaFilter, SagaRetry, SagaSummary } from './scripts/sagas.ts';
