import type { Span } from '@opentelemetry/api';
import { DEADLINE_HEADER, type Deadline } from './deadline.ts';
import { type EngineProtocol, engineProtocol } from './engines/protocol.ts';
import { KitError } from './errors.ts';
import { inEngineSpan } from './tracing/engine-span.ts';

export interface EngineClientOptions {
  /** Where it is, in the words of `engineProtocol`: `http://embedder:8080`. */
  readonly url: string;
  /** Model id that is asked for. */
  readonly model: string;
  /** @default - the one that the address names */
  readonly protocol?: EngineProtocol;
}

export interface EmbedOptions {
  readonly deadline: Deadline;
  readonly signal?: AbortSignal;
}

export interface Embeddings {
  /** One vector an input, in its order. */
  readonly vectors: readonly Float32Array[];
  /** Revision of the model that made them; vectors of two revisions do not compare. */
  readonly revision: string;
}

interface EmbeddingsBody {
  /** What the server calls the weights it runs; on the way through a cloud's front door headers may be lost. */
  readonly system_fingerprint?: string;
  readonly data: readonly { readonly index: number; readonly embedding: string | readonly number[] }[];
  readonly model?: string;
  readonly usage?: { readonly prompt_tokens: number };
}

/**
 * Calls an inference engine by the OpenAI embeddings API, with what is left of the deadline. One call is one attempt: to
 * try again is for the queue that the work came from, whose leases and attempts are counted.
 */
export class EngineClient {
  readonly #url: string;
  readonly #model: string;
  readonly #protocol: EngineProtocol;

  /** @throws {KitError} `address-malformed` */
  constructor({ url, model, protocol }: EngineClientOptions) {
    this.#url = url;
    this.#model = model;
    this.#protocol = protocol ?? engineProtocol(url);
  }

  /**
   * @throws {KitError} `engine-overloaded` and `engine-failed` (retryable), `deadline-exceeded`, `request-refused`
   */
  embed(input: readonly string[], options: EmbedOptions): Promise<Embeddings> {
    const request = { url: this.#url, model: this.#model, inputs: input.length };
    return inEngineSpan('embeddings', request, (span, traced) => this.#embed(input, options, span, traced));
  }

  async #embed(
    input: readonly string[],
    { deadline, signal }: EmbedOptions,
    span: Span,
    traced: Readonly<Record<string, string>>,
  ): Promise<Embeddings> {
    const headers = {
      ...traced,
      'content-type': 'application/json',
      [DEADLINE_HEADER]: String(Math.ceil(deadline.remainingMs)),
    };
    const body = JSON.stringify({ input, model: this.#model, encoding_format: 'base64' });
    const over = deadline.signal(...(signal === undefined ? [] : [signal]));
    try {
      const response = await this.#protocol.send({ route: '/v1/embeddings', body, headers, signal: over });
      if (!response.ok) throw await this.#refusal(response);
      const { data, model, usage, system_fingerprint: fingerprint } = (await response.json()) as EmbeddingsBody;
      if (model !== undefined) span.setAttribute('gen_ai.response.model', model);
      if (usage !== undefined) span.setAttribute('gen_ai.usage.input_tokens', usage.prompt_tokens);
      const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => decode(embedding));
      if (vectors.length !== input.length)
        throw new KitError('engine-failed', `${vectors.length} vectors came for ${input.length} inputs`);
      return { vectors, revision: response.headers.get('x-model-revision') ?? fingerprint ?? '' };
    } catch (error) {
      if (KitError.is(error)) throw error;
      if (signal?.aborted === true) throw signal.reason;
      if (over.aborted)
        throw new KitError('deadline-exceeded', `no answer from ${this.#protocol.place} in time`, { cause: error });
      throw new KitError('engine-failed', `no usable answer from ${this.#protocol.place}`, { cause: error });
    }
  }

  async #refusal(response: Response): Promise<KitError> {
    const text = await response.text();
    const message = `${this.#protocol.place} answered ${response.status}: ${text.slice(0, 200)}`;
    if (response.status === 429 || response.status === 503) {
      const retryAfterMs = retryAfterOf(response.headers.get('retry-after'));
      return new KitError('engine-overloaded', message, retryAfterMs === undefined ? {} : { retryAfterMs });
    }
    if (response.status === 504) return new KitError('deadline-exceeded', message);
    return new KitError(response.status < 500 ? 'request-refused' : 'engine-failed', message);
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3); undefined for anything else. */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/** Little-endian float32, as the OpenAI API encodes it (the copy aligns it); numbers from a server without base64. */
function decode(embedding: string | readonly number[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  return new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer);
}
