import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  type CloudEvent,
  fromHttp,
  fromJson,
  fromJsonBatch,
  fromKafka,
  toHttp,
  toHttpBatch,
  toJson,
  toKafka,
  validated,
} from '@penstock/kit/cloud-events';
import fc from 'fast-check';
import { eventsData, eventsDataRequirement } from '../../../helpers/events-data.ts';
import { describeWith } from '../../../helpers/requirement.ts';

const minimal: CloudEvent = { id: '1', source: '/orders', type: 'shop.OrderPlaced' };

/** Through every binding and mode, with headers as bytes, as a client of Kafka hands them out. */
function everyWay(event: CloudEvent): readonly CloudEvent[] {
  const kafka = (mode: 'binary' | 'structured') => {
    const { value, headers } = toKafka(event, mode);
    return fromKafka({
      value,
      headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    });
  };
  const http = (mode: 'binary' | 'structured') => fromHttp(toHttp(event, mode));
  return [
    fromJson(toJson(event)),
    kafka('binary'),
    kafka('structured'),
    ...http('binary'),
    ...http('structured'),
    ...fromHttp(toHttpBatch([event])),
  ];
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((value) => value.isWellFormed() && !/\p{Cc}/u.test(value) && value === value.trim());

const events: fc.Arbitrary<CloudEvent> = fc
  .record(
    {
      id: text,
      source: fc.webUrl(),
      type: text,
      dataschema: fc.webUrl(),
      subject: text,
      time: fc.constantFrom('2018-04-05T03:56:24Z', '2018-04-05T03:56:24.123456789+02:00'),
      extensions: fc.dictionary(fc.stringMatching(/^x[a-z0-9]{1,8}$/), text, {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      }),
      data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    },
    { requiredKeys: ['id', 'source', 'type'], noNullPrototype: true },
  )
  .map((event) => event as CloudEvent);

describe('an event', () => {
  test('is the same after every binding and mode', () => {
    fc.assert(
      fc.property(events, (event) => {
        for (const read of everyWay(event)) expect(read).toEqual(event);
      }),
      { numRuns: 200 },
    );
  });

  test('keeps bytes, text and data of other media types', () => {
    const bytes = { ...minimal, datacontenttype: 'application/octet-stream', data: Buffer.of(0, 255, 7) };
    const words = { ...minimal, datacontenttype: 'text/plain; charset=utf-8', data: 'no "JSON" €' };
    for (const event of [bytes, words]) for (const read of everyWay(event)) expect(read).toEqual(event);
  });

  test('keeps what a number and a boolean are in JSON alone, since headers are text', () => {
    const event = { ...minimal, extensions: { count: 7, ok: true, raw: Buffer.of(1, 2) } };
    expect(fromJson(toJson(event)).extensions).toEqual({ count: 7, ok: true, raw: 'AQI=' });
    expect(fromKafka(toKafka(event, 'binary')).extensions).toEqual({ count: '7', ok: 'true', raw: 'AQI=' });
  });

  test('has its partition key as the key of the record', () => {
    const event = { ...minimal, extensions: { partitionkey: 'customer-7' } };
    expect([toKafka(event, 'binary').key, toKafka(event, 'structured').key, toKafka(minimal, 'binary').key]).toEqual([
      'customer-7',
      'customer-7',
      undefined,
    ]);
  });

  test('is encoded into headers of HTTP as the binding says', () => {
    const { headers } = toHttp({ ...minimal, subject: 'Euro € 😀 50% "off"' }, 'binary');
    expect(headers['ce-subject']).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80%2050%25%20%22off%22');
    expect(fromHttp({ headers: { ...headers, 'ce-subject': '"Euro%20%E2%82%AC"' }, body: '' })[0]?.subject).toBe(
      'Euro €',
    );
  });

  test('without data is null to a compacted topic', () => {
    expect(toKafka(minimal, 'binary').value).toBeNull();
    expect(fromKafka(toKafka(minimal, 'binary'))).toEqual(minimal);
  });

  test('rejects what is no event by all its faults at once', () => {
    const broken = {
      id: '',
      source: 'no uri',
      type: 'a\u0000',
      time: '2018-02-30T00:00:00Z',
      dataschema: 'relative',
      datacontenttype: 'json',
      extensions: { Bad_Name: 'x', big: 2 ** 40 },
    };
    let message = '';
    try {
      validated(broken);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of ['id', 'source', 'type', 'time', 'dataschema', 'datacontenttype', 'extension "Bad_Name"', 'big'])
      expect(message).toContain(`${name}: received`);
  });

  test.each([
    ['no version', { id: '1', source: '/s', type: 't' }],
    ['a version to come', { specversion: '2.0', id: '1', source: '/s', type: 't' }],
    ['data twice', { specversion: '1.0', id: '1', source: '/s', type: 't', data: 1, data_base64: 'AA==' }],
    ['base64 that is none', { specversion: '1.0', id: '1', source: '/s', type: 't', data_base64: 'A' }],
    ['an extension that is an object', { specversion: '1.0', id: '1', source: '/s', type: 't', ext: {} }],
    ['a list', []],
  ])('rejects %s', (_what, value) => {
    expect(() => fromJson(JSON.stringify(value))).toThrow(expect.objectContaining({ code: 'event-malformed' }));
    expect(() => fromJsonBatch(JSON.stringify([value]))).toThrow(expect.objectContaining({ code: 'event-malformed' }));
  });

  test('rejects a record that is no event, or of a format that it does not know', () => {
    expect(() => fromKafka({ value: Buffer.from('{}'), headers: {} })).toThrow(/no CloudEvent/);
    expect(() =>
      fromKafka({ value: Buffer.from('{}'), headers: { 'content-type': 'application/cloudevents+avro' } }),
    ).toThrow(/content-type/);
    expect(() =>
      fromKafka({
        value: Buffer.from('{'),
        headers: { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 't' },
      }),
    ).toThrow(/no JSON/);
  });
});

describeWith(eventsDataRequirement, 'the real events of Google', () => {
  const root = ['google-cloudevents', 'testdata', 'google', 'events'];
  const files = eventsDataRequirement.available
    ? readdirSync(eventsData(...root), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
    : [];

  test('are there', () => expect(files.length).toBeGreaterThan(10));

  test.each(files)('%s is the same after every binding and mode', (file) => {
    const type = `google.${file.replace(/\/[^/]+$/, '').replaceAll('/', '.')}`;
    const event: CloudEvent = {
      ...minimal,
      type,
      datacontenttype: 'application/json',
      data: JSON.parse(readFileSync(eventsData(...root, file), 'utf8')),
    };
    for (const read of everyWay(event)) expect(read).toEqual(event);
  });
});
