import type { FastifyInstance } from 'fastify';
import { isSet, pageOf, type Query, textIn, textOf, versionBody } from './answers.ts';
import type { Registry } from './registry.ts';
import { RegistryError } from './registry-error.ts';
import { sentSchemaOf, versionOf } from './shapes.ts';
import { subjectOf } from './subject.ts';

interface OfSubject {
  readonly Params: { readonly subject: string };
  readonly Querystring: Query;
}

interface OfVersion {
  readonly Params: { readonly subject: string; readonly version: string };
  readonly Querystring: Query;
}

export function subjectRoutes(server: FastifyInstance, registry: Registry): void {
  server.get<{ readonly Querystring: Query }>('/subjects', async ({ query }) =>
    pageOf(registry.subjects(textOf(query, 'subjectPrefix') ?? ':*:', includedBy(query)), query),
  );
  server.post<OfSubject>('/subjects/:subject', async ({ params, query, body }) =>
    versionBody(
      registry,
      registry.lookUp(subjectOf(params.subject), sentSchemaOf(body), isSet(query, 'deleted')),
      textOf(query, 'format'),
    ),
  );
  server.delete<OfSubject>('/subjects/:subject', async ({ params, query }) =>
    registry.deleteSubject(subjectOf(params.subject), isSet(query, 'permanent')),
  );
  server.get<OfSubject>('/subjects/:subject/versions', async ({ params, query }) =>
    pageOf(registry.versions(subjectOf(params.subject), includedBy(query)), query),
  );
  server.post<OfSubject>('/subjects/:subject/versions', async ({ params, body }) =>
    versionBody(registry, registry.register(subjectOf(params.subject), sentSchemaOf(body))),
  );
  server.get<OfSubject>('/subjects/:subject/metadata', async ({ params, query }) => {
    const keys = [query['key'] ?? []].flat();
    const values = [query['value'] ?? []].flat();
    if (keys.length === 0 || keys.length !== values.length)
      throw new RegistryError(
        'request-malformed',
        `received ${keys.length} of key and ${values.length} of value, expected as many of each`,
      );
    const wanted = Object.fromEntries(keys.map((key, index) => [key, values[index] as string]));
    return versionBody(
      registry,
      registry.versionWith(subjectOf(params.subject), wanted, isSet(query, 'deleted')),
      textOf(query, 'format'),
    );
  });
  server.get<OfVersion>('/subjects/:subject/versions/:version', async ({ params, query }) =>
    versionBody(
      registry,
      registry.version(subjectOf(params.subject), versionOf(params.version), isSet(query, 'deleted')),
      textOf(query, 'format'),
    ),
  );
  server.get<OfVersion>('/subjects/:subject/versions/:version/schema', async ({ params, query }, reply) => {
    const { schema } = registry.version(subjectOf(params.subject), versionOf(params.version), isSet(query, 'deleted'));
    return reply.type('application/vnd.schemaregistry.v1+json').send(textIn(registry, schema, textOf(query, 'format')));
  });
  server.get<OfVersion>('/subjects/:subject/versions/:version/referencedby', async ({ params }) =>
    registry.referencedBy(subjectOf(params.subject), versionOf(params.version)),
  );
  server.delete<OfVersion>('/subjects/:subject/versions/:version', async ({ params, query }) =>
    registry.deleteVersion(subjectOf(params.subject), versionOf(params.version), isSet(query, 'permanent')),
  );
}

const includedBy = (query: Query) =>
  isSet(query, 'deletedOnly') ? 'deleted' : isSet(query, 'deleted') ? 'all' : 'live';
