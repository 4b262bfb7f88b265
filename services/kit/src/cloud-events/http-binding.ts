import { KitError } from '../errors.ts';
import { bytesOf, type CloudEvent, dataOf, eventOf, textAttributes, validated } from './cloud-event.ts';
import { fromJson, fromJsonBatch, JSON_BATCH, JSON_FORMAT, toJson, toJsonBatch } from './json-format.ts';
import type { ContentMode } from './kafka-binding.ts';

export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ReceivedHttpMessage {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array | string;
}

const PREFIX = 'ce-';

/** An event by the HTTP protocol binding. @throws {KitError} `event-malformed` */
export function toHttp(event: CloudEvent, mode: ContentMode): HttpMessage {
  if (mode === 'structured')
    return { headers: { 'content-type': `${JSON_FORMAT}; charset=UTF-8` }, body: Buffer.from(toJson(event)) };
  const attributes = Object.entries(textAttributes(validated(event))).map(([name, value]) => [
    `${PREFIX}${name}`,
    percentEncoded(value),
  ]);
  const mediaType = event.datacontenttype;
  return {
    headers: { ...Object.fromEntries(attributes), ...(mediaType === undefined ? {} : { 'content-type': mediaType }) },
    body: bytesOf(event) ?? new Uint8Array(),
  };
}

/** Many events in one message. @throws {KitError} `event-malformed` */
export const toHttpBatch = (events: readonly CloudEvent[]): HttpMessage => ({
  headers: { 'content-type': `${JSON_BATCH}; charset=UTF-8` },
  body: Buffer.from(toJsonBatch(events)),
});

/**
 * The events of a request or an answer, in the mode that its `content-type` says: one, or those of a batch.
 *
 * @throws {KitError} `event-malformed`, also for a message that is no CloudEvent
 */
export function fromHttp({ headers, body }: ReceivedHttpMessage): readonly CloudEvent[] {
  const texts = new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')] as const],
    ),
  );
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mediaType = texts.get('content-type');
  const kind = mediaType?.split(';')[0]?.trim().toLowerCase();
  if (kind === JSON_FORMAT) return [fromJson(bytes.toString())];
  if (kind === JSON_BATCH) return fromJsonBatch(bytes.toString());
  if (kind?.startsWith('application/cloudevents') === true)
    throw new KitError(
      'event-malformed',
      `content-type: received ${JSON.stringify(mediaType)}, expected ${JSON_FORMAT}, ${JSON_BATCH} or binary mode`,
    );
  const attributes = [...texts]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, text]) => [name.slice(PREFIX.length), percentDecoded(text)]);
  return [
    eventOf(
      { ...Object.fromEntries(attributes), ...(mediaType === undefined ? {} : { datacontenttype: mediaType }) },
      bytes.length === 0 ? undefined : dataOf(bytes, mediaType),
    ),
  ];
}

/** What a header cannot hold, and what would be read as encoded (HTTP binding, 3.1.3.2). */
const percentEncoded = (text: string): string =>
  text.replace(/[^\u0021-\u007e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

/** A quoted value is unquoted first, as older versions of the binding sent them. @throws {KitError} `event-malformed` */
function percentDecoded(text: string): string {
  const plain = /^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
  const bytes = plain.replace(/((?:%[0-9A-Fa-f]{2})+)/g, (run) => {
    const decoded = Buffer.from(run.replaceAll('%', ''), 'hex');
    const characters = decoded.toString();
    if (characters.includes('\ufffd'))
      throw new KitError('event-malformed', `header: received ${JSON.stringify(run)}, expected UTF-8`);
    return characters;
  });
  return bytes;
}
