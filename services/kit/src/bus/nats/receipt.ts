import type { Msg } from '@nats-io/transport-node';
import type { PublishReceipt } from '../port.ts';
import { publishFault } from './faults.ts';
import type { ApiError } from './request-lane.ts';

/** The server's answer to a publish. @throws {KitError} what it refused the message for */
export function readReceipt(answer: Msg, stream: string): PublishReceipt {
  const { error, seq, duplicate } = answer.json<{ error?: ApiError; seq: number; duplicate?: boolean }>();
  if (error !== undefined) throw publishFault(error, `stream ${stream}`);
  return { id: String(seq), duplicate: duplicate ?? false };
}
