import type { IncomingHttpHeaders } from 'node:http';
import { trace } from '@opentelemetry/api';
import { DEADLINE_HEADER, Deadline, KitError, traceRequests } from '@penstock/kit';
import type { ProfileOf } from '@penstock/model';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { inferenceEngine } from '../service.ts';
import type { Tokenized } from './models/embedder.ts';
import type { BatchScheduler } from './scheduling/batch-scheduler.ts';
import { systemClock } from './scheduling/clock.ts';
import { PRIORITIES, type Priority } from './scheduling/fair-order.ts';

type EngineProfile = ProfileOf<typeof inferenceEngine>;

export interface ApiOptions {
  readonly profile: Pick<EngineProfile, 'model' | 'deadlineMs'>;
  readonly scheduler: BatchScheduler<Tokenized, Float32Array>;
  /** @param signal aborts when nobody waits for it any more */
  readonly tokenize: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Tokenized[]>;
}

/** Texts of one request at most, as the OpenAI API has it. */
const MAX_INPUTS = 2_048;
const MAX_BODY_BYTES = 8 * 1_024 * 1_024;
/** A token's id in a list of JavaScript. */
const ID_BYTES = 8;
/** Who asks, by names of the platform's own; one queue among them is shared by weight. */
const TENANT_HEADER = 'x-tenant';
const PRIORITY_HEADER = 'x-priority';
const LONGEST_TENANT = 128;
/** Characters that may wait for the tokenizer: how much work a text is shows only afterwards. */
const MAX_UNTOKENIZED = 16 * 1_024 * 1_024;

/** A request that is wrong in itself, with the field that is. */
class BadRequest extends Error {
  readonly param: string;

  constructor(param: string, message: string) {
    super(`${param}: ${message}`);
    this.param = param;
  }
}

/** The OpenAI embeddings API: `POST /v1/embeddings`, `GET /v1/models`. */
export function createApi({ profile, scheduler, tokenize }: ApiOptions): FastifyInstance {
  const { model } = profile;
  let untokenized = 0;
  /** @throws {KitError} `engine-overloaded` before any work is done for the request */
  const admitted = async (input: readonly string[], signal: AbortSignal): Promise<readonly Tokenized[]> => {
    const characters = input.reduce((sum, text) => sum + text.length, 0);
    if (untokenized + characters > MAX_UNTOKENIZED)
      throw new KitError('engine-overloaded', `${untokenized} characters wait for the tokenizer already`);
    untokenized += characters;
    try {
      return await tokenize(input, signal);
    } finally {
      untokenized -= characters;
    }
  };
  const api = fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  traceRequests(api);
  api.setErrorHandler((error, _request, reply) => sendError(reply, error));
  api.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(errorBody('no such path', 'invalid_request_error', 'not_found')),
  );
  api.get('/v1/models', async () => ({
    object: 'list',
    data: [{ id: model.id, object: 'model', owned_by: 'penstock' }],
  }));
  api.post('/v1/embeddings', async (request, reply) => {
    const { input, base64 } = readBody(request.body, model);
    const asker = readAsker(request.headers);
    const deadline = Deadline.after(profile.deadlineMs).earlier(
      Deadline.ofHeader(headerOf(request.headers[DEADLINE_HEADER])),
    );
    const wanted = wantedOf(reply, deadline);
    const texts = await admitted(input, wanted);
    const tokens = texts.reduce((sum, text) => sum + text.tokens, 0);
    trace.getActiveSpan()?.setAttributes({
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.provider.name': 'penstock',
      'gen_ai.request.model': model.id,
      'gen_ai.usage.input_tokens': tokens,
      'penstock.engine.inputs': texts.length,
      'penstock.engine.revision': model.revision,
    });
    const vectors = await scheduler.submit(
      texts.map((text) => ({ input: text, tokens: text.tokens, bytes: text.ids.length * ID_BYTES })),
      { ...asker, deadlineAt: systemClock.now() + deadline.remainingMs, signal: wanted },
    );
    reply.header('x-model-revision', model.revision);
    return {
      object: 'list',
      model: model.id,
      // Also here: not every front door of a cloud lets headers through.
      system_fingerprint: model.revision,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: base64 ? encode(vector) : Array.from(vector),
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  });
  return api;
}

/** Aborts when the client goes away or the deadline is over: what is computed for nobody is dropped, running or not. */
function wantedOf(reply: FastifyReply, deadline: Deadline): AbortSignal {
  const unwanted = new AbortController();
  const late = setTimeout(
    () => unwanted.abort(new KitError('deadline-exceeded', 'no answer within the deadline')),
    Math.ceil(deadline.remainingMs),
  );
  reply.raw.once('close', () => {
    clearTimeout(late);
    // It closes before everything was sent when the client went away.
    if (!reply.raw.writableFinished) unwanted.abort(new KitError('request-refused', 'the client went away'));
  });
  return unwanted.signal;
}

/** @throws {BadRequest} for a priority that there is not, or a tenant that is no name */
function readAsker(headers: IncomingHttpHeaders): { readonly tenant: string; readonly priority: Priority } {
  const tenant = headerOf(headers[TENANT_HEADER]) ?? 'default';
  if (tenant === '' || tenant.length > LONGEST_TENANT)
    throw new BadRequest(TENANT_HEADER, `expected a name of 1 to ${LONGEST_TENANT} characters`);
  const asked = headerOf(headers[PRIORITY_HEADER]) ?? 'normal';
  const priority = PRIORITIES.find((each) => each === asked);
  if (priority === undefined)
    throw new BadRequest(PRIORITY_HEADER, `received "${asked}", expected one of ${PRIORITIES.join(', ')}`);
  return { tenant, priority };
}

function readBody(
  body: unknown,
  model: EngineProfile['model'],
): { readonly input: readonly string[]; readonly base64: boolean } {
  const {
    input,
    model: asked,
    encoding_format: format = 'float',
    dimensions,
  } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (asked !== model.id)
    throw new BadRequest('model', `received ${JSON.stringify(asked) ?? 'nothing'}, expected "${model.id}"`);
  if (format !== 'float' && format !== 'base64')
    throw new BadRequest('encoding_format', `received ${JSON.stringify(format)}, expected "float" or "base64"`);
  if (dimensions !== undefined && dimensions !== model.dimensions)
    throw new BadRequest('dimensions', `received ${JSON.stringify(dimensions)}, this model has ${model.dimensions}`);
  const texts = typeof input === 'string' ? [input] : input;
  if (
    !Array.isArray(texts) ||
    texts.length === 0 ||
    texts.length > MAX_INPUTS ||
    texts.some((text) => typeof text !== 'string')
  ) {
    throw new BadRequest('input', `expected a text or 1 to ${MAX_INPUTS} texts`);
  }
  return { input: texts as readonly string[], base64: format === 'base64' };
}

const headerOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const encode = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');

const errorBody = (message: string, type: string, code: string | null, param: string | null = null) => ({
  error: { message, type, param, code },
});

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof BadRequest)
    return reply.code(400).send(errorBody(error.message, 'invalid_request_error', null, error.param));
  if (KitError.is(error)) {
    if (error.code === 'engine-overloaded')
      reply.header('retry-after', String(Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1_000))));
    const status =
      { 'engine-overloaded': 429, 'deadline-exceeded': 504, 'request-refused': 400 }[error.code as string] ?? 503;
    return reply
      .code(status)
      .send(errorBody(error.message, status === 400 ? 'invalid_request_error' : 'server_error', error.code));
  }
  const status = (error as { readonly statusCode?: number }).statusCode ?? 500;
  return reply
    .code(status)
    .send(errorBody((error as Error).message, status < 500 ? 'invalid_request_error' : 'server_error', null));
}
