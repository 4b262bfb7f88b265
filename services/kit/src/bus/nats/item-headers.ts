import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { KitError } from '../../errors.ts';
import type { OutgoingItem } from '../port.ts';

/** The server drops a second message with the same one within its duplicate window. */
export const KEY_HEADER = 'Nats-Msg-Id';
/** A header the driver or the server owns; a user's header names are lower case and cannot meet it. */
const OWNED = /^(Nats|Penstock)-/;

const NAME = /^[!-9;-~]+$/;
const LONGEST_KEY = 512;

/**
 * An item's key and headers as they travel.
 *
 * @throws {KitError} `item-malformed` for what the wire would change or refuse
 */
export function encodeHeaders({ idempotencyKey, headers: own }: OutgoingItem): MsgHdrs {
  const encoded = headers();
  checkValue('idempotencyKey', idempotencyKey);
  if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY) {
    throw malformed(`idempotencyKey has ${idempotencyKey.length} characters, expected 1 to ${LONGEST_KEY}`);
  }
  encoded.append(KEY_HEADER, idempotencyKey);
  for (const [name, value] of Object.entries(own ?? {})) {
    if (!NAME.test(name) || name !== name.toLowerCase()) {
      throw malformed(`header name ${JSON.stringify(name)}, expected lower-case ASCII without spaces and colons`);
    }
    checkValue(`header ${name}`, value);
    encoded.append(name, value);
  }
  return encoded;
}

/** The headers of the publisher. */
export function decodeHeaders(received: MsgHdrs | undefined): Readonly<Record<string, string>> {
  const own: Record<string, string> = {};
  for (const [name, values] of received ?? []) if (!OWNED.test(name)) own[name] = values[0] ?? '';
  return own;
}

/** The wire ends a value at a line break and trims it. */
function checkValue(what: string, value: string): void {
  if (/[\r\n]/.test(value) || value !== value.trim()) {
    throw malformed(`${what} is ${JSON.stringify(value)}, expected one line without spaces around it`);
  }
}

const malformed = (message: string): KitError =>
  new KitError('item-malformed', message, { repair: 'put such text into the payload' });
