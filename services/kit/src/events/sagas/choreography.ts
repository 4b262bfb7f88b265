import type { Statement } from '../../effects/effect-store.ts';
import { type EventEffect, messageIdOf } from '../inbox/event-consumer.ts';
import type { LogRecord } from '../log/port.ts';
import { headerOf } from '../log/record-headers.ts';
import { type Addressed, eventOf, HEADER, type Message, readMessage } from './message.ts';

/** What an event leads to in a chain. */
export interface Reacted {
  readonly statements?: readonly Statement[];
  readonly events?: readonly Addressed[];
}

export interface Reaction {
  readonly type: string;
  /** @throws {KitError} `record-malformed` */
  readonly react: (payload: Uint8Array | null, record: LogRecord) => Reacted | Promise<Reacted>;
}

export const react = <Payload>(
  message: Message<Payload>,
  reaction: (payload: Payload, record: LogRecord) => Reacted | Promise<Reacted>,
): Reaction => ({
  type: message.type,
  react: (bytes, record) => reaction(readMessage(message, bytes), record),
});

/**
 * A saga without a conductor: each service reacts to events by events of its own. For `EventConsumer`. Every event of a
 * chain carries the id of the first one and of the one that led to it, and every link is written down with its effect:
 * `readChain` shows how far a chain is and where it stopped.
 *
 * @param consumer the group of the consumer
 */
export function choreograph(consumer: string, reactions: readonly Reaction[]) {
  const byType = new Map(reactions.map((reaction) => [reaction.type, reaction]));
  return async (record: LogRecord): Promise<EventEffect> => {
    const type = headerOf(record, 'type') ?? '';
    const reaction = byType.get(type);
    if (reaction === undefined) return {};
    const message = messageIdOf(record);
    const correlation = headerOf(record, HEADER.correlation) ?? message;
    const { statements = [], events = [] } = await reaction.react(record.value, record);
    const causedBy = headerOf(record, HEADER.causation) ?? null;
    const told = events.map((event) => event.type).join(',');
    return {
      statements: [
        ...statements,
        {
          sql: `INSERT INTO event_chain_links (consumer, message, correlation, type, caused_by, told, at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (consumer, message) DO NOTHING`,
          params: [consumer, message, correlation, type, causedBy, told, Date.now()],
        },
      ],
      events: events.map((event, index) =>
        eventOf(event, `${consumer}/${message}/${index}`, record.key ?? correlation, {
          [HEADER.correlation]: correlation,
          [HEADER.causation]: message,
        }),
      ),
    };
  };
}
