import { DEADLINE_HEADER, Deadline, KitError, traceRequests } from '@penstock/kit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { guard } from './browser-guard.ts';
import { dashboardPage } from './dashboard.ts';
import type { JobDesk } from './job-desk.ts';
import { jobRoutes } from './job-routes.ts';
import { openApiOf } from './openapi.ts';
import { isUnforeseen, problemOf, RefusedRequest } from './problem.ts';
import { queueRoutes } from './queue-routes.ts';
import type { RawRequest, Reply, Route } from './route.ts';
import { ScheduleDesk } from './schedule-desk.ts';
import { scheduleRoutes } from './schedule-routes.ts';

export interface ApiOptions {
  readonly desk: JobDesk;
  /** Longest a request may take; what has not answered by then is told so. */
  readonly deadlineMs: number;
  /** It listens on the loopback, and answers to the names of the loopback only. */
  readonly isLoopback: boolean;
  readonly log: Pick<Logger, 'error'>;
}

const MAX_BODY_BYTES = 1_024 * 1_024;
/** Requests at once; with the longest body it bounds what they hold. */
const MAX_REQUESTS = 256;
const LONGEST_PARAMETER = 1_024;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);

/** The HTTP API of jobs, and its document at `/openapi.json`. */
export function createApi({ desk, deadlineMs, isLoopback, log }: ApiOptions): FastifyInstance {
  const routes = [...jobRoutes(desk), ...queueRoutes(desk), ...scheduleRoutes(new ScheduleDesk(desk))];
  const document = openApiOf(routes, 'Penstock jobs');
  const refuse = (request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply => {
    if (isUnforeseen(error)) log.error({ err: error, method: request.method, url: request.url }, 'a request failed');
    const { status, headers, body } = problemOf(error, request.url);
    // As bytes: the framework would add a charset, which this type does not have.
    return reply
      .code(status)
      .headers(headers)
      .type('application/problem+json')
      .send(Buffer.from(JSON.stringify(body)));
  };
  const api = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    requestTimeout: 2 * deadlineMs,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, request, reply) => void refuse(request, reply, error),
  });
  traceRequests(api);
  let atOnce = 0;
  api.addHook('onRequest', async (request, reply) => {
    atOnce += 1;
    reply.raw.once('close', () => {
      atOnce -= 1;
    });
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    guard(request.method, request.headers, isLoopback);
    // Before the framework reads anything of it: some methods it refuses by rules of their own.
    if (!METHODS.has(request.method)) throw unknownRequest(request, reply, routes);
    if (atOnce > MAX_REQUESTS)
      throw new KitError('server-overloaded', `${MAX_REQUESTS} requests are being answered`, { retryAfterMs: 1_000 });
  });
  api.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  api.setNotFoundHandler((request, reply) => refuse(request, reply, unknownRequest(request, reply, routes)));
  for (const { spec, answer } of routes) {
    const url = spec.path.replaceAll(/\{(\w+)\}/g, ':$1');
    api.route({
      method: spec.method,
      url,
      handler: async (request, reply) => {
        const { status, body, headers = {} } = await inTime(answer, request, deadlineMs);
        return reply.code(status).headers(headers).send(body);
      },
    });
  }
  const page = dashboardPage();
  api.get('/', async (_request, reply) => reply.headers(page.headers).send(page.html));
  api.get('/openapi.json', async () => document);
  return api;
}

/** Whoever asked is told at the deadline; what was begun goes on, and is done or not as the store decides. */
async function inTime(answer: (request: RawRequest) => Promise<Reply>, request: FastifyRequest, longestMs: number) {
  const asked = request.headers[DEADLINE_HEADER];
  const deadline = Deadline.after(longestMs).earlier(Deadline.ofHeader(typeof asked === 'string' ? asked : undefined));
  const late = (): KitError =>
    new KitError('deadline-exceeded', 'no answer of the store within the deadline of the request', {
      repair: 'ask again; a job that is added again with its key is the same job',
    });
  if (deadline.remainingMs === 0) throw late();
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(late()), deadline.remainingMs);
  try {
    return await Promise.race([answer(request), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function unknownRequest(request: FastifyRequest, reply: FastifyReply, routes: readonly Route[]): RefusedRequest {
  const allowed = methodsOf(routes, request.url);
  if (allowed.length > 0) reply.header('allow', allowed.join(', '));
  const fault = {
    path: 'request',
    received: `${request.method} ${request.url}`.slice(0, LONGEST_PARAMETER),
    expected: allowed.length > 0 ? `one of ${allowed.join(', ')}` : 'a path of /openapi.json',
  };
  return new RefusedRequest([fault], allowed.length > 0 ? 405 : 404);
}

function methodsOf(routes: readonly Route[], url: string): readonly string[] {
  const path = url.split('?')[0] ?? '';
  return routes
    .filter(({ spec }) => new RegExp(`^${spec.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .map(({ spec }) => spec.method);
}
