import type { OutgoingRecord } from '../log/port.ts';
import { headersOf } from '../log/record-headers.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';

/** As Debezium's outbox event router names topics. */
export const routedTopic = ({ aggregateType }: OutboxEvent): string => `outbox.event.${aggregateType}`;

/**
 * A record as Debezium's outbox event router writes it: the aggregate's id is its key, the event's id a header by which
 * readers know it again; its type is one too, beside those that the event brings.
 */
export const routedRecord = (event: OutboxEvent, topic: string): OutgoingRecord => ({
  topic,
  key: event.aggregateId,
  value: event.payload,
  headers: headersOf({ ...event.headers, id: event.id, type: event.type }),
});
