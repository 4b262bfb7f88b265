import fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { compatibilityRoutes, configRoutes } from './config-routes.ts';
import { Registry } from './registry.ts';
import { RegistryError } from './registry-error.ts';
import { schemaRoutes } from './schema-routes.ts';
import { SchemaStore } from './schema-store.ts';
import { subjectRoutes } from './subject-routes.ts';

export interface RegistryApiOptions {
  /** File of the registry, or `:memory:`. */
  readonly path: string;
  /** @default - nothing is logged */
  readonly log?: FastifyBaseLogger;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

/** What clients send, in order of how often. */
const ACCEPTED = [MEDIA_TYPE, 'application/vnd.schemaregistry+json', 'application/json', 'application/octet-stream'];

const MOST_BYTES = 4 * 1_024 * 1_024;

/**
 * A schema registry with the REST API that clients of Confluent's speak, for one machine. It asks nobody who they are:
 * let only those reach it who may do all of it.
 *
 * @returns a server that does not listen yet; closing it closes the file
 */
export function createRegistryApi({ path, log }: RegistryApiOptions): FastifyInstance {
  const store = new SchemaStore(path);
  const registry = new Registry(store);
  const server = fastify({
    ...(log === undefined ? {} : { loggerInstance: log }),
    bodyLimit: MOST_BYTES,
    routerOptions: { maxParamLength: 4_096, ignoreTrailingSlash: true },
    // Its subjects and texts are data: a key of that name in a schema is one of its properties.
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
    frameworkErrors: (error, _request, reply) =>
      refuse(reply as unknown as FastifyReply, error.statusCode ?? 400, error.message),
  });
  const parse = server.getDefaultJsonParser('ignore', 'ignore');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(ACCEPTED, { parseAs: 'string' }, (request, body, done) => {
    // Clients name a type on every request, with a body or without.
    if (body === '') done(null, undefined);
    else parse(request, String(body), done);
  });
  server.setErrorHandler((error: FastifyError | RegistryError, request, reply) => {
    if (error instanceof RegistryError)
      return answer(reply, error.status, { error_code: error.errorCode, message: error.message });
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, error.message);
    request.log.error({ err: error }, 'the registry failed');
    return answer(reply, 500, { error_code: 50001, message: 'Error in the backend data store' });
  });
  server.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'HTTP 404 Not Found'));
  server.addHook('onSend', async (_request, reply, payload) => {
    reply.header('content-type', MEDIA_TYPE);
    return payload;
  });
  server.addHook('onClose', async () => store.close());
  server.get('/', async () => ({}));
  server.get('/contexts', async () => registry.contexts());
  server.get('/v1/metadata/id', async () => ({
    scope: { path: [], clusters: { 'kafka-cluster': 'penstock', 'schema-registry-cluster': 'penstock' } },
  }));
  server.get('/v1/metadata/version', async () => ({ version: 'penstock', commitId: '' }));
  subjectRoutes(server, registry);
  schemaRoutes(server, registry);
  configRoutes(server, registry);
  compatibilityRoutes(server, registry);
  return server;
}

const refuse = (reply: FastifyReply, status: number, message: string) =>
  answer(reply, status, { error_code: status, message });

const answer = (reply: FastifyReply, status: number, body: unknown) => reply.code(status).send(body);
