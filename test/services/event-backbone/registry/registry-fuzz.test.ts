import { afterAll, expect, test } from '@jest/globals';
import { createRegistryApi } from '@penstock/event-backbone/registry';
import fc from 'fast-check';

const api = createRegistryApi({ path: ':memory:' });

afterAll(() => api.close());

const CALLS = 1_000;

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '-1',
    '0',
    '1',
    'latest',
    '2147483648',
    '99999999999',
    '../x',
    '%',
    '%00',
    '%zz',
    ':.:',
    ':.a:',
    ':*:',
    '__proto__',
    'constructor',
    'null',
    'a/b',
    '\u0000',
    '💥',
  ),
  fc.string({ maxLength: 20 }),
);

const segment = odd.map((text) =>
  text.isWellFormed() && !text.startsWith('%') ? encodeURIComponent(text) : text.replace(/[^\x21-\x7e]/g, '_'),
);

const path = fc
  .tuple(
    fc.constantFrom(
      '/subjects',
      '/schemas',
      '/schemas/ids',
      '/schemas/guids',
      '/config',
      '/mode',
      '/compatibility/subjects',
      '/contexts',
      '/v1/metadata',
      '',
    ),
    fc.array(
      fc.oneof(segment, fc.constantFrom('versions', 'schema', 'referencedby', 'metadata', 'ids', 'subjects', 'a')),
      { maxLength: 4 },
    ),
    fc.dictionary(
      fc.constantFrom(
        'deleted',
        'permanent',
        'format',
        'limit',
        'offset',
        'key',
        'value',
        'subjectPrefix',
        'verbose',
        'force',
        'normalize',
      ),
      segment,
      { maxKeys: 3 },
    ),
  )
  .map(
    ([base, parts, query]) =>
      `${[base, ...parts].join('/')}?${Object.entries(query)
        .map(([name, value]) => `${name}=${value}`)
        .join('&')}`,
  );

const schemaText = fc.oneof(
  fc.constantFrom(
    '{}',
    '[]',
    '"int"',
    'int',
    '{"type":"record"}',
    '{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}',
    '{"type":"enum","name":"E","symbols":[1]}',
    '{"type":"fixed","name":"F","size":-1}',
    '{"$ref":"#"}',
    '{"$ref":"#/definitions/x"}',
    '{"$ref":"other.json"}',
    '{"pattern":"("}',
    '{"$id":"schema:a","allOf":[{"$ref":"schema:a"}]}',
    '{"$schema":"urn:x"}',
    'true',
    'syntax = "proto3";',
    'message A { A a = 1; }',
    'syntax = "proto9"; message A {}',
    'import "x.proto";',
    'message A { int32 a = 99999999999; }',
    'AAAA',
    'CgA=',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    '{"__proto__":{"type":"string"}}',
    'edition = "1";',
    'message A { map<A, A> a = 1; }',
    '{"type":{"type":{"type":"int"}}}',
    '{"enum":[{"__proto__":1}]}',
  ),
  fc.string(),
  fc.json(),
);

const body = fc
  .oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        schema: fc.oneof(schemaText, fc.anything({ maxDepth: 1 })),
        schemaType: fc.oneof(fc.constantFrom('AVRO', 'JSON', 'PROTOBUF', 'avro', 'X'), fc.constant(undefined)),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record(
        {
          schema: schemaText,
          schemaType: fc.constantFrom('AVRO', 'JSON', 'PROTOBUF'),
          references: fc.oneof(
            fc.array(fc.record({ name: odd, subject: odd, version: fc.oneof(fc.integer(), odd) }), { maxLength: 2 }),
            fc.jsonValue(),
          ),
          id: fc.jsonValue(),
          version: fc.jsonValue(),
        },
        { requiredKeys: ['schema', 'schemaType'] },
      ),
    },
    { weight: 1, arbitrary: fc.record({ compatibility: fc.jsonValue(), mode: fc.jsonValue() }, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  )
  .map((value) => {
    try {
      return JSON.stringify(value) ?? '';
    } catch {
      return '{"schema":';
    }
  });

const MEDIA_TYPES = [
  'application/vnd.schemaregistry.v1+json',
  'application/json',
  'text/plain',
  'application/xml',
  'application/vnd.schemaregistry+json; charset=utf-8',
  '',
];

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'),
  url: fc.oneof(
    path,
    fc.constantFrom('/subjects/a/versions', '/compatibility/subjects/a/versions/latest', '/config', '/mode/a'),
  ),
  payload: fc.oneof({ weight: 8, arbitrary: body }, { weight: 1, arbitrary: fc.string() }),
  type: fc.oneof(
    { weight: 5, arbitrary: fc.constant(MEDIA_TYPES[0] as string) },
    { weight: 1, arbitrary: fc.constantFrom(...MEDIA_TYPES) },
  ),
});

test(`rejects ${CALLS} malformed calls without ever failing itself`, async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ method, url, payload, type }) => {
      const answer = await api.inject({
        method: method as 'GET',
        url,
        ...(method === 'GET' || method === 'HEAD' ? {} : { payload, headers: { 'content-type': type } }),
      });
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode < 400 || method === 'HEAD') return;
      expect(answer.json()).toEqual({ error_code: expect.any(Number), message: expect.any(String) });
    }),
    { numRuns: CALLS },
  );
  // It got past the door, too.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 404, 422]));
  expect((await api.inject('/subjects')).statusCode).toBe(200);
}, 120_000);
