import type { Statement } from '../../effects/effect-store.ts';
import type { EventDatabase } from '../event-database.ts';
import { type EventEffect, messageIdOf } from '../inbox/event-consumer.ts';
import type { LogRecord } from '../log/port.ts';
import { headerOf } from '../log/record-headers.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';
import { eventOf, HEADER, type Message, readMessage, type WrittenMessage, write } from './message.ts';

/** What a command comes to. */
export interface Answer {
  /** Whether there is something to take back. */
  readonly isDone: boolean;
  readonly reply: WrittenMessage;
  readonly statements: readonly Statement[];
  /** Told others beside the reply. */
  readonly events: readonly OutboxEvent[];
}

export interface Asked {
  /** The saga that asks. */
  readonly saga: string;
  readonly id: string;
  /** The same for every attempt: what other services are asked by it, they are asked once. */
  readonly command: string;
}

/** One kind of command that a service answers. */
export interface CommandHandler {
  readonly type: string;
  /** @throws {KitError} `record-malformed` */
  readonly handle: (payload: Uint8Array | null, asked: Asked) => Answer | Promise<Answer>;
}

export const on = <Payload>(
  message: Message<Payload>,
  handle: (payload: Payload, asked: Asked) => Answer | Promise<Answer>,
): CommandHandler => ({
  type: message.type,
  handle: (bytes, asked) => handle(readMessage(message, bytes), asked),
});

/** It is done, by these statements. */
export const done = <Payload>(
  message: Message<Payload>,
  payload: Payload,
  statements: readonly Statement[] = [],
  events: readonly OutboxEvent[] = [],
): Answer => ({ isDone: true, reply: write(message, payload), statements, events });

/** It is not done and will not be. */
export const refused = <Payload>(
  message: Message<Payload>,
  payload: Payload,
  statements: readonly Statement[] = [],
): Answer => ({ isDone: false, reply: write(message, payload), statements, events: [] });

export interface ParticipantOptions {
  /** Names what keeps the answers; the group of the consumer is a good one. */
  readonly participant: string;
  /** That of the effects. */
  readonly database: EventDatabase;
  readonly commands: readonly CommandHandler[];
  /** For how long an answer is kept, in milliseconds: longer than any saga asks. @default 30 days */
  readonly retentionMs?: number;
}

const RETENTION_MS = 30 * 24 * 3_600_000;
/** Commands after which old answers go. */
const PURGE_EVERY = 1_000;

/**
 * Answers the commands of sagas, for `EventConsumer`. A command does what it does once, however often it is asked, and
 * is answered as it was the first time. What is taken back before it came is never done.
 */
export function answerCommands({ participant, database, commands, retentionMs = RETENTION_MS }: ParticipantOptions) {
  const handlers = new Map(commands.map((handler) => [handler.type, handler]));
  let handled = 0;
  return async (record: LogRecord): Promise<EventEffect> => {
    const handler = handlers.get(headerOf(record, 'type') ?? '');
    const command = headerOf(record, HEADER.command);
    if (handler === undefined || command === undefined) return {};
    const asked: Asked = {
      saga: headerOf(record, HEADER.saga) ?? '',
      id: headerOf(record, HEADER.sagaId) ?? '',
      command,
    };
    const given = await database.run('givenAnswer', participant, command);
    if (given !== undefined) {
      const { type, payload } = given;
      return type === null || payload === null ? {} : { events: [replyTo(record, { type, payload })] };
    }
    const answer = await handler.handle(record.value, asked);
    handled += 1;
    const isUndo = headerOf(record, HEADER.direction) === 'undo';
    const kept = [
      // What cannot be taken back now is asked again when a person has seen to it.
      ...(isUndo && !answer.isDone ? [] : [keep(participant, command, answer)]),
      ...(handled % PURGE_EVERY === 0 ? [forget(participant, Date.now() - retentionMs)] : []),
    ];
    const all = {
      statements: [...answer.statements, ...kept],
      events: [...answer.events, replyTo(record, answer.reply)],
    };
    if (!isUndo) return all;
    const doing = `${command.slice(0, -'/undo'.length)}/do`;
    const answered = await database.run('givenAnswer', participant, doing);
    if (answered?.isDone === 1) return all;
    // Nothing is there to be taken back. The command may still be on its way: it finds that it came too late.
    const withheld = answered === undefined ? [withhold(participant, doing)] : [];
    return { statements: [...withheld, ...kept], events: [replyTo(record, answer.reply)] };
  };
}

function replyTo(record: LogRecord, { type, payload }: WrittenMessage): OutboxEvent {
  const text = (name: string): string => headerOf(record, name) ?? '';
  const headers = Object.fromEntries(
    [HEADER.saga, HEADER.sagaId, HEADER.step, HEADER.direction, HEADER.correlation].map((name) => [name, text(name)]),
  );
  const message = messageIdOf(record);
  return eventOf({ to: text(HEADER.replyTo), type, payload }, `${message}/reply`, text(HEADER.sagaId), {
    ...headers,
    [HEADER.causation]: message,
  });
}

const keep = (participant: string, command: string, { isDone, reply }: Answer): Statement => ({
  sql: `INSERT INTO event_saga_answers (participant, command, is_done, type, payload, at) VALUES ($1, $2, $3, $4, $5, $6)`,
  params: [participant, command, isDone ? 1 : 0, reply.type, reply.payload, Date.now()],
});

const forget = (participant: string, before: number): Statement => ({
  sql: 'DELETE FROM event_saga_answers WHERE participant = $1 AND at < $2',
  params: [participant, before],
});

/** Two who come at once for one command cannot both: the transaction of the second fails, and is asked again. */
const withhold = (participant: string, command: string): Statement => ({
  sql: `INSERT INTO event_saga_answers (participant, command, is_done, at) VALUES ($1, $2, 0, $3)`,
  params: [participant, command, Date.now()],
});
