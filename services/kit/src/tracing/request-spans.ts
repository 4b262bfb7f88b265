import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

interface Request {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: IncomingMessage;
  /** `url` is the pattern of the route that was found. */
  readonly routeOptions: { readonly url?: string | undefined };
}

interface Reply {
  readonly raw: ServerResponse;
}

/** The part of a Fastify server that this needs: the kit knows no framework. */
export interface RequestServer {
  addHook(name: 'onRequest', hook: (request: Request, reply: Reply, done: () => void) => void): unknown;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Makes a span of every request, in the names of OpenTelemetry's HTTP conventions: a child of the caller's, named by the
 * route, over when the answer is sent or the caller is gone. To be called before hooks and routes are added.
 */
export function traceRequests(server: RequestServer): void {
  const tracer = trace.getTracer('@penstock/kit');
  server.addHook('onRequest', (request, reply, done) => {
    // Others send methods and paths without end, and a name is what is grouped by.
    const method = METHODS.has(request.method) ? request.method : '_OTHER';
    const route = request.routeOptions.url;
    const parent: Context = propagation.extract(ROOT_CONTEXT, request.headers);
    const span = tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      { kind: SpanKind.SERVER },
      parent,
    );
    if (!span.isRecording()) {
      done();
      return;
    }
    span.setAttributes({
      'http.request.method': method,
      'url.path': request.raw.url?.split('?')[0]?.slice(0, LONGEST_PATH) ?? '',
      'url.scheme': 'http',
      ...(route === undefined ? {} : { 'http.route': route }),
    });
    reply.raw.once('close', () => {
      const { statusCode, writableFinished } = reply.raw;
      if (writableFinished) span.setAttribute('http.response.status_code', statusCode);
      // What a client did wrong is no failure of the server's.
      if (statusCode >= 500)
        span.setAttribute('error.type', String(statusCode)).setStatus({ code: SpanStatusCode.ERROR });
      if (!writableFinished) span.setAttribute('penstock.outcome', 'client-gone');
      span.end();
    });
    context.with(trace.setSpan(parent, span), done);
  });
}

const LONGEST_PATH = 256;
