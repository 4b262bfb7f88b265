import { z } from 'zod';
import { KitError } from '../../errors.ts';
import type { OutboxEvent } from '../outbox/outbox-event.ts';

/** A kind of command, reply or event: its name, and what it carries as JSON. */
export interface Message<Payload> {
  readonly type: string;
  readonly payload: z.ZodType<Payload>;
}

export const defineMessage = <Payload>(type: string, payload: z.ZodType<Payload>): Message<Payload> => ({
  type,
  payload,
});

/** One message with its payload as bytes. */
export interface WrittenMessage {
  readonly type: string;
  readonly payload: Uint8Array;
}

export const write = <Payload>({ type }: Message<Payload>, payload: Payload): WrittenMessage => ({
  type,
  payload: new TextEncoder().encode(JSON.stringify(payload)),
});

/** @throws {KitError} `record-malformed` for what is no such message */
export function readMessage<Payload>({ type, payload }: Message<Payload>, bytes: Uint8Array | null): Payload {
  const read = payload.safeParse(jsonOf(type, bytes));
  if (read.success) return read.data;
  throw malformed(type, z.prettifyError(read.error));
}

function jsonOf(type: string, bytes: Uint8Array | null): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())) as unknown;
  } catch (cause) {
    throw malformed(type, 'it is no JSON', cause);
  }
}

const malformed = (type: string, why: string, cause?: unknown): KitError =>
  new KitError('record-malformed', `message ${type}: ${why}`, {
    repair: 'correct whoever writes it, or the shape that is declared for it',
    ...(cause === undefined ? {} : { cause }),
  });

/** A message to whom it is for, by the topic of that name. */
export interface Addressed extends WrittenMessage {
  /** The kind of aggregate: names the topic. */
  readonly to: string;
}

export const tell = <Payload>(to: string, message: Message<Payload>, payload: Payload): Addressed => ({
  to,
  ...write(message, payload),
});

/** Names of the headers by which messages of sagas and chains are known. */
export const HEADER = {
  saga: 'saga',
  sagaId: 'saga-id',
  step: 'saga-step',
  direction: 'saga-direction',
  /** The same for every attempt of a command. */
  command: 'saga-command',
  replyTo: 'saga-reply-to',
  correlation: 'correlation-id',
  causation: 'causation-id',
} as const;

export const eventOf = (
  { to, type, payload }: Addressed,
  id: string,
  aggregateId: string,
  headers: Readonly<Record<string, string>>,
): OutboxEvent => ({ id, aggregateType: to, aggregateId, type, payload, headers });
