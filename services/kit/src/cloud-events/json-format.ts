import { KitError } from '../errors.ts';
import { type CloudEvent, eventOf, isJson, jsonText, parsedJson, validated } from './cloud-event.ts';

export const JSON_FORMAT = 'application/cloudevents+json';
export const JSON_BATCH = 'application/cloudevents-batch+json';

/** An event in the JSON format. @throws {KitError} `event-malformed` */
export const toJson = (event: CloudEvent): string => jsonText(jsonOf(event));

/** Many events in the JSON batch format. @throws {KitError} `event-malformed` */
export const toJsonBatch = (events: readonly CloudEvent[]): string => jsonText(events.map(jsonOf));

/** @throws {KitError} `event-malformed` */
export const fromJson = (text: string): CloudEvent => fromObject(parsedJson('event', text));

/** @throws {KitError} `event-malformed`, saying which of them is none */
export function fromJsonBatch(text: string): readonly CloudEvent[] {
  const events = parsedJson('batch', text);
  if (!Array.isArray(events)) throw new KitError('event-malformed', 'batch: expected a list of events');
  return events.map((event, index) => {
    try {
      return fromObject(event);
    } catch (cause) {
      throw new KitError('event-malformed', `event ${index}: ${(cause as Error).message}`, { cause });
    }
  });
}

function jsonOf(event: CloudEvent): Readonly<Record<string, unknown>> {
  const { data, extensions = {}, ...attributes } = validated(event);
  const written = Object.entries(extensions).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? base64(value) : value,
  ]);
  if (data !== undefined && !(data instanceof Uint8Array) && !isJson(event.datacontenttype) && typeof data !== 'string')
    throw new KitError('event-malformed', `data: expected bytes or text, as ${event.datacontenttype} is not JSON`);
  return {
    specversion: '1.0',
    ...attributes,
    ...Object.fromEntries(written),
    ...(data === undefined ? {} : data instanceof Uint8Array ? { data_base64: base64(data) } : { data }),
  };
}

function fromObject(value: unknown): CloudEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new KitError('event-malformed', 'event: expected an object');
  const { data, data_base64: encoded, ...attributes } = value as Readonly<Record<string, unknown>>;
  // Null is the same as not said; but data may be null.
  const said = Object.fromEntries(Object.entries(attributes).filter(([, held]) => held !== null));
  if (encoded === undefined || encoded === null) return eventOf(said, data);
  if (data !== undefined) throw new KitError('event-malformed', 'data and data_base64: received both, expected one');
  if (typeof encoded !== 'string' || !BASE64.test(encoded))
    throw new KitError('event-malformed', 'data_base64: expected base64');
  return eventOf(said, Buffer.from(encoded, 'base64'));
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
