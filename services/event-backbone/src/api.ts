import { KitError } from '@penstock/kit';
import type { EventDatabase, Log, OutboxRelay } from '@penstock/kit/events';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addSagaRoutes } from './saga-routes.ts';

export interface ApiOptions {
  readonly database: EventDatabase;
  readonly log: Pick<Log, 'lag'>;
  readonly relay: Pick<OutboxRelay, 'state'>;
}

const LONGEST_LIST = 1_000;
const listQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(LONGEST_LIST).default(100) });

/** What a client could have known beforehand; all else is a fault of what is behind it. */
const STATUS: Readonly<Record<string, number>> = { 'request-refused': 400, 'topic-missing': 404, 'saga-missing': 404 };

/** Shows how far outbox, projections, groups and sagas are, and lets what stopped be tried again. */
export function createApi({ database, log, relay }: ApiOptions): FastifyInstance {
  const api = fastify({ forceCloseConnections: true });
  api.setErrorHandler((error, _request, reply) => {
    const code = KitError.is(error) ? error.code : 'storage-failed';
    const status = STATUS[code] ?? 503;
    const detail = error instanceof Error ? error.message : String(error);
    return reply
      .code(status)
      .type('application/problem+json')
      .send(Buffer.from(JSON.stringify({ type: `urn:penstock:${code}`, status, detail })));
  });
  api.get('/outbox', async () => {
    const { failure, ...state } = relay.state;
    return { ...(await database.run('measureOutbox')), relay: { ...state, failure: failure?.message } };
  });
  api.get('/outbox/refused', async ({ query }) => {
    const read = listQuery.safeParse(query);
    if (!read.success)
      throw new KitError('request-refused', z.prettifyError(read.error), { repair: 'correct what is named' });
    return { events: await database.run('listRefused', read.data.limit) };
  });
  api.post('/outbox/retry', async () => ({ retried: await database.run('retryRefused') }));
  api.get('/projections', async () => ({ projections: await database.run('checkpoints') }));
  api.get<{ Params: { readonly topic: string; readonly group: string } }>(
    '/topics/:topic/groups/:group',
    async ({ params }) => ({ partitions: await log.lag(params.group, params.topic) }),
  );
  addSagaRoutes(api, database);
  return api;
}
