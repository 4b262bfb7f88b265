import { type EventEffect, messageIdOf } from '../inbox/event-consumer.ts';
import type { LogRecord } from '../log/port.ts';
import { headerOf } from '../log/record-headers.ts';
import { mailStatement } from '../scripts/sagas.ts';
import { HEADER } from './message.ts';
import type { Saga } from './saga.ts';

export const routedTopicOf = (aggregateType: string): string => `outbox.event.${aggregateType}`;

/**
 * Takes in what starts a saga and what answers it, as mail that is acted on later; leaves all else alone.
 *
 * @throws {KitError} `record-malformed` for a start that cannot be read
 */
export function takeIn<State>(
  saga: Saga<State>,
  record: LogRecord,
  topicOf: (aggregateType: string) => string = routedTopicOf,
): EventEffect {
  const type = headerOf(record, 'type') ?? headerOf(record, 'ce_type') ?? '';
  const message = messageIdOf(record);
  const correlation = headerOf(record, HEADER.correlation) ?? message;
  const payload = record.value ?? new Uint8Array();
  const [step, id] = [headerOf(record, HEADER.step), headerOf(record, HEADER.sagaId)];
  const direction = headerOf(record, HEADER.direction);
  const isOurs = record.topic === topicOf(saga.replies) && headerOf(record, HEADER.saga) === saga.name;
  if (isOurs && step !== undefined && id !== undefined && (direction === 'do' || direction === 'undo'))
    return { statements: [mailStatement(saga.name, { id, message, step, direction, type, payload, correlation })] };
  if (record.topic !== topicOf(saga.starts.from) || type !== saga.starts.type) return {};
  const started = {
    id: saga.starts.read(payload).id,
    message,
    step: null,
    direction: null,
    type,
    payload,
    correlation,
  };
  return { statements: [mailStatement(saga.name, started)] };
}
