import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRegistryApi } from '@penstock/event-backbone/registry';
import { RegistryClient, RegistryCodec } from '@penstock/kit/schemas';
import { confluentClientRequirement, seenByConfluentClient } from '../../../helpers/confluent-client.ts';
import { describeWith } from '../../../helpers/requirement.ts';

describeWith(confluentClientRequirement, "the registry under Confluent's client for Node", () => {
  const api = createRegistryApi({ path: ':memory:' });
  let url: string;
  let seen: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    url = await api.listen({ host: '127.0.0.1', port: 0 });
    seen = await seenByConfluentClient(url);
  }, 120_000);

  afterAll(() => api.close());

  test('registers, looks up, compares and deletes as with their own', () => {
    expect(seen).toMatchObject({
      id: 1,
      same: 1,
      bySchema: 1,
      compatible: true,
      next: 2,
      latest: 2,
      versions: [1, 2],
      subjects: ['avro-value'],
      level: 'FULL',
      deletedVersion: 1,
      left: [2],
      deleted: [1],
      gone: [1],
      descriptor: 'shop',
    });
  });

  test('rejects by the status and code that it knows', () => {
    expect(seen).toMatchObject({
      refused: { status: 409, errorCode: 409 },
      malformed: { status: 422, errorCode: 42201 },
      missing: { status: 404, errorCode: 40401 },
    });
  });

  test('gives it what its serializers need in every format', () => {
    expect(seen).toMatchObject({
      avroBack: { id: 'a', cents: 7 },
      jsonBack: { id: 'a' },
      protobufBack: { type: 'shop.Order', id: 'a', unitPrice: '7' },
    });
  });

  test.each([
    [
      'AVRO',
      'avro',
      JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] }),
      { id: 'a' },
    ],
    [
      'PROTOBUF',
      'protobuf',
      'syntax = "proto3"; package shop; message Order { string id = 1; int64 unit_price = 2; }',
      { id: 'a', unitPrice: '7' },
    ],
  ] as const)('what it has written in %s is read here', async (format, key, text, expected) => {
    const client = new RegistryClient({ urls: [url] });
    const codec = await RegistryCodec.open({ client, schema: { format, text } });
    expect(await codec.decode(Buffer.from(String(seen[key]), 'base64'))).toEqual(expected);
  });

  test('the schema that it sent as a descriptor has the id of the same one as text', async () => {
    const client = new RegistryClient({ urls: [url] });
    const text = 'syntax = "proto3"; package shop; message Order { string id = 1; int64 unit_price = 2; }';
    expect(await client.lookUp('protobuf-value', { format: 'PROTOBUF', text })).toMatchObject({ version: 1 });
  });
});
