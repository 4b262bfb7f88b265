import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRegistryApi } from '@penstock/event-backbone/registry';
import { KitError } from '@penstock/kit';
import { RegistryClient, RegistryCodec } from '@penstock/kit/schemas';

let api: ReturnType<typeof createRegistryApi>;

beforeEach(() => {
  api = createRegistryApi({ path: ':memory:' });
});

afterEach(() => api.close());

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) {
  const answer = await api.inject({
    method,
    url,
    ...(body === undefined
      ? {}
      : { payload: JSON.stringify(body), headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' } }),
  });
  return { status: answer.statusCode, body: answer.json() as never, type: answer.headers['content-type'] };
}

const avro = (...fields: readonly unknown[]) => ({ schema: JSON.stringify({ type: 'record', name: 'Order', fields }) });
const first = avro({ name: 'id', type: 'string' });
const second = avro({ name: 'id', type: 'string' }, { name: 'cents', type: 'long', default: 0 });
const breaking = avro({ name: 'id', type: 'string' }, { name: 'cents', type: 'long' });

describe('a registry', () => {
  test('gives a schema one id wherever it is registered, and each subject its own versions', async () => {
    expect((await call('POST', '/subjects/a-value/versions', first)).body).toMatchObject({ id: 1, version: 1 });
    expect((await call('POST', '/subjects/b-value/versions', { schema: ` ${first.schema} ` })).body).toMatchObject({
      id: 1,
      version: 1,
    });
    expect((await call('POST', '/subjects/a-value/versions', second)).body).toMatchObject({ id: 2, version: 2 });
    expect((await call('POST', '/subjects/a-value/versions', first)).body).toMatchObject({ id: 1, version: 1 });
    expect((await call('GET', '/subjects')).body).toEqual(['a-value', 'b-value']);
    expect((await call('GET', '/subjects/a-value/versions')).body).toEqual([1, 2]);
    expect((await call('GET', '/schemas/ids/1')).body).toMatchObject(first);
    expect((await call('GET', '/schemas/ids/1/versions')).body).toEqual([
      { subject: 'a-value', version: 1 },
      { subject: 'b-value', version: 1 },
    ]);
    expect((await call('GET', '/subjects/a-value/versions/latest')).body).toMatchObject({
      subject: 'a-value',
      id: 2,
      version: 2,
      ...second,
    });
    expect((await call('POST', '/subjects/a-value', second)).body).toMatchObject({ id: 2, version: 2 });
  });

  test('rejects a schema that breaks what the subject promises, and says all that it breaks', async () => {
    await call('POST', '/subjects/a/versions', first);
    const { status, body, type } = await call('POST', '/subjects/a/versions', breaking);
    expect({ status, type }).toEqual({ status: 409, type: 'application/vnd.schemaregistry.v1+json' });
    expect(body).toMatchObject({ error_code: 409, message: expect.stringContaining("path:'/fields/1(cents)'") });
    expect((await call('POST', '/compatibility/subjects/a/versions/latest?verbose=true', breaking)).body).toMatchObject(
      {
        is_compatible: false,
        messages: [expect.stringContaining('FIELD_WITHOUT_DEFAULT')],
      },
    );
    expect((await call('POST', '/compatibility/subjects/a/versions/latest', second)).body).toEqual({
      is_compatible: true,
    });
    await call('PUT', '/config/a', { compatibility: 'NONE' });
    expect((await call('POST', '/subjects/a/versions', breaking)).status).toBe(200);
  });

  test.each([
    ['BACKWARD', [200, 409, 200]],
    ['FORWARD', [200, 200, 409]],
    ['FULL', [200, 409, 409]],
    ['NONE', [200, 200, 200]],
  ] as const)('under %s takes what its level allows', async (compatibility, statuses) => {
    await call('PUT', '/config', { compatibility });
    const base = avro({ name: 'id', type: 'string' }, { name: 'n', type: 'int' });
    const wider = avro({ name: 'id', type: 'string' }, { name: 'n', type: 'int' }, { name: 'new', type: 'string' });
    const narrower = avro({ name: 'id', type: 'string' });
    const answers = [await call('POST', '/subjects/a/versions', base)];
    for (const next of [wider, narrower])
      answers.push({ ...(await call('POST', '/compatibility/subjects/a/versions/latest', next)) });
    expect([
      200,
      ...answers.slice(1).map(({ body }) => ((body as { readonly is_compatible: boolean }).is_compatible ? 200 : 409)),
    ]).toEqual(statuses);
  });

  test('holds a transitive level against every version, and the plain one against the last', async () => {
    await call('PUT', '/config/a', { compatibility: 'NONE' });
    await call('POST', '/subjects/a/versions', avro({ name: 'x', type: 'int' }));
    await call('POST', '/subjects/a/versions', avro());
    const next = avro({ name: 'x', type: 'string', default: '' });
    await call('PUT', '/config/a', { compatibility: 'BACKWARD' });
    expect((await call('POST', '/compatibility/subjects/a/versions', next)).body).toEqual({ is_compatible: true });
    await call('PUT', '/config/a', { compatibility: 'BACKWARD_TRANSITIVE' });
    expect((await call('POST', '/compatibility/subjects/a/versions', next)).body).toEqual({ is_compatible: false });
  });

  test('hides what is deleted, and forgets it when it is deleted again for good', async () => {
    await call('POST', '/subjects/a/versions', first);
    await call('POST', '/subjects/a/versions', second);
    expect((await call('DELETE', '/subjects/a/versions/1?permanent=true')).body).toMatchObject({ error_code: 40407 });
    expect((await call('DELETE', '/subjects/a/versions/1')).body).toBe(1);
    expect((await call('DELETE', '/subjects/a/versions/1')).body).toMatchObject({ error_code: 40406 });
    expect((await call('GET', '/subjects/a/versions')).body).toEqual([2]);
    expect((await call('GET', '/subjects/a/versions?deleted=true')).body).toEqual([1, 2]);
    expect((await call('GET', '/subjects/a/versions/1')).body).toMatchObject({ error_code: 40402 });
    expect((await call('GET', '/subjects/a/versions/1?deleted=true')).body).toMatchObject({ version: 1 });
    expect((await call('DELETE', '/subjects/a')).body).toEqual([2]);
    expect((await call('GET', '/subjects')).body).toEqual([]);
    expect((await call('GET', '/subjects?deleted=true')).body).toEqual(['a']);
    expect((await call('GET', '/schemas/ids/1')).status).toBe(200);
    expect((await call('DELETE', '/subjects/a?permanent=true')).body).toEqual([1, 2]);
    expect((await call('DELETE', '/subjects/a?permanent=true')).body).toMatchObject({ error_code: 40401 });
    expect((await call('POST', '/subjects/a/versions', second)).body).toMatchObject({ id: 2, version: 1 });
  });

  test('keeps what others use from being deleted', async () => {
    await call('POST', '/subjects/money/versions', {
      schemaType: 'PROTOBUF',
      schema: 'syntax = "proto3"; message Money { int64 cents = 1; }',
    });
    const order = {
      schemaType: 'PROTOBUF',
      schema: 'syntax = "proto3"; import "money.proto"; message Order { Money price = 1; }',
      references: [{ name: 'money.proto', subject: 'money', version: 1 }],
    };
    expect((await call('POST', '/subjects/order/versions', { ...order, references: [] })).body).toMatchObject({
      error_code: 42201,
    });
    expect((await call('POST', '/subjects/order/versions', order)).body).toMatchObject({ id: 2 });
    expect((await call('GET', '/subjects/money/versions/1/referencedby')).body).toEqual([2]);
    expect((await call('DELETE', '/subjects/money/versions/1')).body).toMatchObject({ error_code: 42206 });
    expect((await call('DELETE', '/subjects/money')).body).toMatchObject({ error_code: 42206 });
    await call('DELETE', '/subjects/order');
    expect((await call('DELETE', '/subjects/money')).body).toEqual([1]);
  });

  test('writes nothing where its mode forbids it, and takes ids of others where it imports', async () => {
    await call('PUT', '/mode/a', { mode: 'READONLY' });
    expect((await call('POST', '/subjects/a/versions', first)).body).toMatchObject({ error_code: 42205 });
    expect((await call('POST', '/subjects/b/versions', { ...first, id: 77 })).body).toMatchObject({
      error_code: 42205,
    });
    await call('PUT', '/mode/b', { mode: 'IMPORT' });
    expect((await call('POST', '/subjects/b/versions', { ...first, id: 77, version: 5 })).body).toMatchObject({
      id: 77,
      version: 5,
    });
    expect((await call('GET', '/mode/b')).body).toEqual({ mode: 'IMPORT' });
    expect((await call('DELETE', '/mode/b')).body).toEqual({ mode: 'IMPORT' });
    expect((await call('GET', '/mode/b')).body).toMatchObject({ error_code: 40409 });
    expect((await call('GET', '/mode/b?defaultToGlobal=true')).body).toEqual({ mode: 'READWRITE' });
  });

  test('keeps contexts apart by the names of their subjects', async () => {
    await call('POST', '/subjects/:.eu:a/versions', first);
    await call('POST', '/subjects/a/versions', second);
    expect((await call('GET', '/contexts')).body).toEqual(['.', '.eu']);
    expect((await call('GET', '/subjects?subjectPrefix=:.eu:')).body).toEqual([':.eu:a']);
    expect((await call('GET', '/subjects/:.eu:a/versions/1')).body).toMatchObject({ subject: ':.eu:a', ...first });
    expect((await call('GET', '/subjects/:.:a/versions/1')).body).toMatchObject({ subject: 'a', ...second });
  });

  test('hands out a Protobuf schema as its descriptor, and takes it so', async () => {
    const schema = 'syntax = "proto3"; message Money { int64 cents = 1; }';
    await call('POST', '/subjects/m/versions', { schemaType: 'PROTOBUF', schema });
    const { body } = await call('GET', '/schemas/ids/1?format=serialized');
    const { schema: serialized } = body as { readonly schema: string };
    expect(serialized).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(
      (await call('POST', '/subjects/m/versions', { schemaType: 'PROTOBUF', schema: serialized })).body,
    ).toMatchObject({ id: 1, version: 1 });
  });

  test.each([
    ['GET', '/subjects/none/versions', undefined, 404, 40401],
    ['GET', '/schemas/ids/9', undefined, 404, 40403],
    ['GET', '/config/none', undefined, 404, 40408],
    ['GET', '/subjects/none/versions/0', undefined, 422, 42202],
    ['POST', '/subjects/a/versions', { schema: '{"type":"nope"}' }, 422, 42201],
    ['POST', '/subjects/a/versions', { schema: '"int"', schemaType: 'XML' }, 422, 42201],
    ['POST', '/subjects/a/versions', { schema: 7 }, 422, 422],
    ['PUT', '/config', { compatibility: 'SOMETIMES' }, 422, 42203],
    ['PUT', '/mode', { mode: 'OFF' }, 422, 42204],
    ['GET', '/nothing/here', undefined, 404, 404],
  ] as const)('rejects %s %s with the code that clients know', async (method, url, body, status, errorCode) => {
    expect(await call(method, url, body)).toMatchObject({
      status,
      body: { error_code: errorCode, message: expect.any(String) },
      type: 'application/vnd.schemaregistry.v1+json',
    });
  });
});

describe('the client of a registry', () => {
  let url: string;

  beforeEach(async () => {
    url = await api.listen({ host: '127.0.0.1', port: 0 });
  });

  test('writes by one version and reads by another', async () => {
    const client = new RegistryClient({ urls: [url] });
    const open = ({ schema: text }: { readonly schema: string }) =>
      RegistryCodec.open({ client, schema: { format: 'AVRO', text }, registers: true });
    const [old, current] = [await open(first), await open(second)];
    const bytes = await old.encode('orders', { id: 'a' });
    expect(Buffer.from(bytes).toString('hex', 0, 5)).toBe('0000000001');
    await current.encode('orders', { id: 'b', cents: 3 });
    expect(await current.decode(bytes)).toEqual({ id: 'a', cents: 0 });
    expect(await client.versions('orders-value')).toEqual([1, 2]);
    expect((await client.latest('orders-value')).version).toBe(2);
  });

  test('rejects a schema that nobody has published, unless it may register it', async () => {
    const client = new RegistryClient({ urls: [url] });
    const codec = await RegistryCodec.open({ client, schema: { format: 'AVRO', text: first.schema } });
    await expect(codec.encode('orders', { id: 'a' })).rejects.toMatchObject({
      code: 'schema-missing',
      repair: expect.stringContaining('publish'),
    });
    await client.register('orders-value', { format: 'AVRO', text: first.schema });
    expect(await codec.decode(await codec.encode('orders', { id: 'a' }))).toEqual({ id: 'a' });
  });

  test('reads a schema with what it uses', async () => {
    const client = new RegistryClient({ urls: [url] });
    await client.register('money', {
      format: 'PROTOBUF',
      text: 'syntax = "proto3"; message Money { int64 cents = 1; }',
    });
    const id = await client.register('order', {
      format: 'PROTOBUF',
      text: 'syntax = "proto3"; import "money.proto"; message Order { Money price = 1; }',
      references: [{ name: 'money.proto', subject: 'money', version: 1 }],
    });
    expect(Object.keys((await new RegistryClient({ urls: [url] }).schema(id)).imports)).toEqual(['money.proto']);
  });

  test('rejects by what the registry said', async () => {
    const client = new RegistryClient({ urls: [url] });
    await client.register('a', { format: 'AVRO', text: first.schema });
    await expect(client.register('a', { format: 'AVRO', text: breaking.schema })).rejects.toMatchObject({
      code: 'schema-incompatible',
    });
    await expect(client.register('a', { format: 'AVRO', text: '{' })).rejects.toMatchObject({
      code: 'schema-malformed',
    });
    await expect(client.schema(99)).rejects.toMatchObject({ code: 'schema-missing' });
  });

  test('asks another registry where one cannot be reached, and says so where none can', async () => {
    const away = 'http://127.0.0.1:1';
    expect(await new RegistryClient({ urls: [away, url], backoffMs: 1 }).subjects()).toEqual([]);
    const lost = new RegistryClient({ urls: [away], attempts: 2, backoffMs: 1 }).subjects();
    await expect(lost).rejects.toMatchObject({ code: 'registry-unreachable', retryable: true });
    expect(KitError.is(await lost.catch((error: unknown) => error))).toBe(true);
  });
});
