import { DEADLINE_HEADER, type KitErrorCode } from '@penstock/kit';
import { z } from 'zod';
import { Problem, STATUS } from './problem.ts';
import type { Route, RouteAnswer } from './route.ts';

/** What may become of every request. */
const ALWAYS: readonly KitErrorCode[] = ['request-refused', 'deadline-exceeded', 'server-overloaded'];
/** Refusals that come before a route, or that a route shares one code for. */
const REFUSALS = [403, 415, 422, 421];

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of routes, from the schemas that they check by. */
export function openApiOf(routes: readonly Route[], title: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const schemas: Record<string, unknown> = {};
  /** Schemas with a name stand once, in the components. */
  const jsonOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
    const {
      $schema: _,
      $defs = {},
      ...json
    } = z.toJSONSchema(schema, {
      io,
      target: 'draft-2020-12',
      unrepresentable: 'any',
      reused: 'inline',
    }) as Json & { readonly $defs?: Json };
    for (const [name, definition] of Object.entries($defs)) schemas[name] = relocated(definition);
    const { id, ...inline } = relocated(json) as Json;
    if (typeof id !== 'string') return inline;
    schemas[id] = { id, ...inline };
    return { $ref: `#/components/schemas/${id}` };
  };
  const problem = jsonOf(Problem, 'output');
  for (const { spec } of routes) {
    const { path, method, id, summary, params, query, headers, body, answers, problems = [] } = spec;
    const parameters = [
      ...parametersOf('path', params, jsonOf),
      ...parametersOf('query', query, jsonOf),
      ...parametersOf('header', headers, jsonOf),
      { name: DEADLINE_HEADER, in: 'header', required: false, schema: { type: 'integer', minimum: 0 } },
    ];
    const codes = [...ALWAYS, ...problems];
    const responses: Record<string, Json> = {};
    for (const [status, answer] of Object.entries(answers)) responses[status] = responseOf(answer, jsonOf);
    const statuses = [...codes.map((code) => STATUS[code]), ...REFUSALS, 413];
    for (const status of new Set(statuses)) {
      const named = codes.filter((code) => STATUS[code] === status).join(', ');
      responses[status] = {
        description: named === '' ? 'The request is refused' : named,
        content: { 'application/problem+json': { schema: problem } },
      };
    }
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        operationId: id,
        summary,
        parameters,
        ...(body === undefined
          ? {}
          : {
              requestBody: {
                required: !body.safeParse(undefined).success,
                content: { 'application/json': { schema: jsonOf(body, 'input') } },
              },
            }),
        responses,
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, withoutId(each)])) },
  };
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  shape: z.ZodObject | undefined,
  jsonOf: (schema: z.ZodType, io: 'input') => Json,
): readonly Json[] {
  if (shape === undefined) return [];
  return Object.entries(shape.shape).map(([name, schema]) => ({
    name,
    in: place,
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: jsonOf(schema as z.ZodType, 'input'),
  }));
}

function responseOf(
  { description, schema, headers = {} }: RouteAnswer,
  jsonOf: (s: z.ZodType, io: 'output') => Json,
): Json {
  return {
    description,
    ...(schema === undefined ? {} : { content: { 'application/json': { schema: jsonOf(schema, 'output') } } }),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, says]) => [name, { description: says, schema: { type: 'string' } }]),
    ),
  };
}

/** References of a schema on its own, as references within the document. */
const relocated = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as unknown;

function withoutId(schema: unknown): unknown {
  const { id: _, ...rest } = schema as Json;
  return rest;
}
