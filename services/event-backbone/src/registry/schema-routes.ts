import { SCHEMA_FORMATS } from '@penstock/kit/schemas';
import type { FastifyInstance } from 'fastify';
import { isSet, pageOf, type Query, schemaBody, textIn, textOf, versionBody } from './answers.ts';
import type { Registry } from './registry.ts';
import { idOf } from './shapes.ts';
import { subjectOf } from './subject.ts';

interface OfSchema {
  readonly Params: { readonly id: string };
  readonly Querystring: Query;
}

export function schemaRoutes(server: FastifyInstance, registry: Registry): void {
  server.get('/schemas/types', async () => SCHEMA_FORMATS);
  server.get<{ readonly Querystring: Query }>('/schemas', async ({ query }) =>
    pageOf(
      registry.everyVersion(
        textOf(query, 'subjectPrefix') ?? ':*:',
        isSet(query, 'deleted'),
        isSet(query, 'latestOnly'),
      ),
      query,
    ).map((found) => versionBody(registry, found)),
  );
  server.get<OfSchema>('/schemas/ids/:id', async ({ params, query }) => {
    const schema = registry.schemaById(idOf(params.id));
    return {
      ...schemaBody(registry, schema, textOf(query, 'format')),
      guid: schema.guid,
      ...(isSet(query, 'fetchMaxId') ? { maxId: registry.largestId() } : {}),
    };
  });
  server.get<OfSchema>('/schemas/ids/:id/schema', async ({ params, query }, reply) =>
    reply
      .type('application/vnd.schemaregistry.v1+json')
      .send(textIn(registry, registry.schemaById(idOf(params.id)), textOf(query, 'format'))),
  );
  server.get<OfSchema>('/schemas/ids/:id/subjects', async ({ params, query }) =>
    pageOf(
      [...new Set(registry.placesOf(idOf(params.id), isSet(query, 'deleted')).map(({ subject }) => subject))],
      query,
    ),
  );
  server.get<OfSchema>('/schemas/ids/:id/versions', async ({ params, query }) =>
    pageOf(registry.placesOf(idOf(params.id), isSet(query, 'deleted')), query).map(({ subject, version }) => ({
      subject,
      version,
    })),
  );
  server.get<OfSchema>('/schemas/guids/:id', async ({ params, query }) =>
    schemaBody(registry, registry.schemaByGuid(params.id), textOf(query, 'format')),
  );
  server.get<OfSchema>('/schemas/guids/:id/ids', async ({ params }) => {
    const { id } = registry.schemaByGuid(params.id);
    const contexts = new Set(registry.placesOf(id, true).map(({ subject }) => subjectOf(subject).context));
    return [...contexts].map((context) => ({ context, id }));
  });
}
