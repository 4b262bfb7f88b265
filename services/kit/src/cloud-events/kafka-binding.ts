import { KitError } from '../errors.ts';
import { bytesOf, type CloudEvent, dataOf, eventOf, textAttributes, validated } from './cloud-event.ts';
import { fromJson, JSON_FORMAT, toJson } from './json-format.ts';

export type ContentMode = 'binary' | 'structured';

/** A record as it is sent to Kafka. */
export interface KafkaMessage {
  /** The event's `partitionkey`; undefined where it has none. */
  readonly key: string | undefined;
  /** Null for an event without data, which a compacted topic takes as a deletion of its key. */
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as a client hands it out: header values are bytes in most, texts in some. */
export interface ReceivedKafkaMessage {
  readonly value: Uint8Array | null | undefined;
  readonly headers:
    | Iterable<readonly [name: string | Uint8Array, value: string | Uint8Array | undefined]>
    | Readonly<Record<string, string | Uint8Array | undefined>>;
}

const PREFIX = 'ce_';

/**
 * An event by the Kafka protocol binding.
 *
 * @throws {KitError} `event-malformed`
 */
export function toKafka(event: CloudEvent, mode: ContentMode): KafkaMessage {
  const { partitionkey } = validated(event).extensions ?? {};
  const key = partitionkey === undefined ? undefined : String(partitionkey);
  if (mode === 'structured')
    return { key, value: Buffer.from(toJson(event)), headers: { 'content-type': `${JSON_FORMAT}; charset=UTF-8` } };
  const attributes = Object.entries(textAttributes(event)).map(([name, value]) => [`${PREFIX}${name}`, value]);
  const value = bytesOf(event) ?? null;
  const mediaType = event.datacontenttype;
  return {
    key,
    value,
    headers: { ...Object.fromEntries(attributes), ...(mediaType === undefined ? {} : { 'content-type': mediaType }) },
  };
}

/**
 * The event of a record, in the mode that its `content-type` says.
 *
 * @throws {KitError} `event-malformed`, also for a record that is no CloudEvent
 */
export function fromKafka({ value, headers }: ReceivedKafkaMessage): CloudEvent {
  const texts = new Map<string, string>();
  for (const [name, held] of Symbol.iterator in headers ? headers : Object.entries(headers))
    if (held !== undefined) texts.set(decoded(name), decoded(held));
  const mediaType =
    texts.get('content-type') ?? [...texts].find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  if (mediaType?.trim().toLowerCase().startsWith('application/cloudevents') === true) {
    if (!/^application\/cloudevents\+json\s*(?:;|$)/i.test(mediaType.trim()))
      throw new KitError(
        'event-malformed',
        `content-type: received ${JSON.stringify(mediaType)}, expected ${JSON_FORMAT} or binary mode`,
      );
    return fromJson(decoded(value ?? new Uint8Array()));
  }
  const attributes = [...texts]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, text]) => [name.slice(PREFIX.length), text]);
  return eventOf(
    { ...Object.fromEntries(attributes), ...(mediaType === undefined ? {} : { datacontenttype: mediaType }) },
    value == null ? undefined : dataOf(value, mediaType),
  );
}

const decoded = (held: string | Uint8Array): string =>
  typeof held === 'string' ? held : Buffer.from(held.buffer, held.byteOffset, held.byteLength).toString();
