import { KitError } from '../errors.ts';

/** A value that an attribute may have. A number is a whole one of 32 bits. */
export type AttributeValue = string | number | boolean | Uint8Array;

/** An event by CloudEvents 1.0. */
export interface CloudEvent {
  /** With `source` unique: two events that have both are one. */
  readonly id: string;
  /** URI reference of where it happened. */
  readonly source: string;
  readonly type: string;
  /** Media type of `data`. @default - JSON */
  readonly datacontenttype?: string;
  /** Absolute URI of the schema of `data`. @default - not said */
  readonly dataschema?: string;
  /** What of the source it is about. @default - not said */
  readonly subject?: string;
  /** RFC 3339, as precise as the source wrote it. @default - not said */
  readonly time?: string;
  /** Attributes that the specification does not name, e.g. `partitionkey` or `traceparent`. @default {} */
  readonly extensions?: Readonly<Record<string, AttributeValue>>;
  /** Bytes, text of a media type that is not JSON, or what JSON can carry. @default - none */
  readonly data?: unknown;
}

/** Names that an extension cannot have. */
const OWN = [
  'id',
  'source',
  'type',
  'datacontenttype',
  'dataschema',
  'subject',
  'time',
  'specversion',
  'data',
  'data_base64',
];

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:"[^"]*"|[^\s;"]+))*\s*$/;
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-](\d{2}):(\d{2}))$/;

/**
 * Says of an event whether it is one.
 *
 * @throws {KitError} `event-malformed` with every fault: what was received and what was expected
 */
export function validated(event: CloudEvent): CloudEvent {
  const faults: string[] = [];
  const refuse = (name: string, value: unknown, expected: string) =>
    faults.push(`${name}: received ${shown(value)}, expected ${expected}`);
  const text = (
    name: string,
    value: unknown,
    expected: string,
    is: (text: string) => boolean,
    needed = false,
  ): void => {
    if (value === undefined && !needed) return;
    if (typeof value !== 'string' || value === '' || hasForbidden(value) || !is(value)) refuse(name, value, expected);
  };
  text('id', event.id, 'a text that is not empty', () => true, true);
  text('source', event.source, 'a URI reference', (value) => URI_REFERENCE.test(value), true);
  text('type', event.type, 'a text that is not empty', () => true, true);
  text('datacontenttype', event.datacontenttype, 'a media type', (value) => MEDIA_TYPE.test(value));
  text(
    'dataschema',
    event.dataschema,
    'an absolute URI',
    (value) => URI_REFERENCE.test(value) && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(value),
  );
  text('subject', event.subject, 'a text that is not empty', () => true);
  text('time', event.time, 'a timestamp of RFC 3339', isTimestamp);
  for (const [name, value] of Object.entries(event.extensions ?? {})) {
    if (!/^[a-z0-9]+$/.test(name) || OWN.includes(name))
      refuse(
        `extension ${JSON.stringify(name)}`,
        value,
        'a name of lower-case letters and digits that no other attribute has',
      );
    if (typeof value === 'string' && hasForbidden(value)) refuse(name, value, 'a text without control characters');
    if (typeof value === 'number' && (!Number.isInteger(value) || value !== (value | 0)))
      refuse(name, value, 'a whole number of 32 bits');
    if (!['string', 'number', 'boolean'].includes(typeof value) && !(value instanceof Uint8Array))
      refuse(name, value, 'a text, whole number, boolean or bytes');
  }
  if (faults.length === 0) return event;
  throw new KitError('event-malformed', `no event of CloudEvents 1.0: ${faults.join('; ')}`);
}

/** Whether data of this media type is JSON; where none is named it is. */
export const isJson = (mediaType: string | undefined): boolean =>
  mediaType === undefined || /^[^;]*[/+]json\s*(?:;|$)/i.test(mediaType);

export const isText = (mediaType: string): boolean => /^text\/|[/+]xml\s*(?:;|$)/i.test(mediaType);

/** Data as the bytes of a binary message; undefined for none. @throws {KitError} `event-malformed` */
export function bytesOf({ data, datacontenttype }: CloudEvent): Uint8Array | undefined {
  if (data === undefined) return undefined;
  if (data instanceof Uint8Array) return data;
  if (!isJson(datacontenttype)) {
    if (typeof data === 'string') return Buffer.from(data);
    throw new KitError(
      'event-malformed',
      `data: received ${shown(data)}, expected bytes or text, as ${datacontenttype} is not JSON`,
    );
  }
  return Buffer.from(jsonText(data));
}

/** The bytes of a binary message as data. @throws {KitError} `event-malformed` for JSON that is none */
export function dataOf(bytes: Uint8Array, datacontenttype: string | undefined): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isJson(datacontenttype)) return parsedJson('data', buffer.toString());
  return datacontenttype !== undefined && isText(datacontenttype) ? buffer.toString() : buffer;
}

/** @throws {KitError} `event-malformed` */
export function parsedJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new KitError('event-malformed', `${what}: no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** @throws {KitError} `event-malformed` for what JSON cannot carry */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (text !== undefined) return text;
  throw new KitError('event-malformed', `data: JSON knows no ${typeof value}`);
}

/** Attributes as texts, as bindings carry them; the media type of the data is left to them. */
export function textAttributes({
  id,
  source,
  type,
  dataschema,
  subject,
  time,
  extensions = {},
}: CloudEvent): Readonly<Record<string, string>> {
  const named = { specversion: '1.0', id, source, type, dataschema, subject, time };
  const given = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries([
    ...given,
    ...Object.entries(extensions).map(([name, value]) => [name, textOfValue(value)]),
  ]);
}

const textOfValue = (value: AttributeValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);

/**
 * An event from its attributes; those that the specification does not name are its extensions.
 *
 * @throws {KitError} `event-malformed`
 */
export function eventOf(attributes: Readonly<Record<string, unknown>>, data: unknown): CloudEvent {
  const { specversion, id, source, type, datacontenttype, dataschema, subject, time, ...extensions } = attributes;
  if (specversion !== '1.0')
    throw new KitError(
      'event-malformed',
      `specversion: received ${shown(specversion)}, expected "1.0"${specversion === undefined ? ', so it is no CloudEvent' : ''}`,
    );
  const optional = Object.entries({ datacontenttype, dataschema, subject, time }).filter(
    ([, value]) => value !== undefined,
  );
  return validated({
    ...({ id, source, type } as { readonly id: string; readonly source: string; readonly type: string }),
    ...Object.fromEntries(optional),
    ...(Object.keys(extensions).length === 0
      ? {}
      : { extensions: extensions as Readonly<Record<string, AttributeValue>> }),
    ...(data === undefined ? {} : { data }),
  });
}

function isTimestamp(text: string): boolean {
  const parts = TIMESTAMP.exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0));
  if (parts === undefined) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = parts;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  // A leap second is one second more, at the end of a minute.
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= days &&
    hour < 24 &&
    minute < 60 &&
    second <= 60 &&
    offsetHour < 24 &&
    offsetMinute < 60
  );
}

/** Control characters, and what is no character at all. */
const hasForbidden = (text: string): boolean =>
  !text.isWellFormed() ||
  [...text].some((character) => character < ' ' || (character >= '\u007f' && character <= '\u009f'));

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80);
