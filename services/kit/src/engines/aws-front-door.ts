import { Agent } from 'node:https';
import { signedHeaders } from './aws-signature.ts';
import { post } from './https-post.ts';
import { PodIdentity } from './pod-identity.ts';
import type { EngineCall } from './protocol.ts';

export interface AwsProtocolOptions {
  /** @default - the role of the pod */
  readonly credentials?: Pick<PodIdentity, 'current' | 'refuse'>;
  /** In PEM. @default - whom Node trusts */
  readonly authority?: string;
}

/** Another clock, or keys whose time is up: what one more question to the agent can mend. */
const KEYS_REFUSED = /^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId)/;
const WITHOUT_COPIES = /has no capacity to process this request/;
/** Of calls at once: a model that takes one text a call gets those of a batch side by side. */
const CONNECTIONS = 32;

/**
 * How a service of AWS is spoken to: each request signed by the role of the pod, keys that are refused asked for again
 * once, and its refusals in the words of HTTP that a server of the OpenAI API would have.
 */
export class AwsFrontDoor {
  readonly #scope: { readonly host: string; readonly region: string; readonly service: string };
  readonly #credentials: Pick<PodIdentity, 'current' | 'refuse'>;
  readonly #agent: Agent;

  constructor(
    scope: { readonly host: string; readonly region: string; readonly service: string },
    { credentials, authority }: AwsProtocolOptions,
  ) {
    this.#scope = scope;
    this.#credentials = credentials ?? new PodIdentity();
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: CONNECTIONS,
      ...(authority === undefined ? {} : { ca: authority }),
    });
  }

  async send(path: string, call: Pick<EngineCall, 'body' | 'headers' | 'signal'>): Promise<Response> {
    const url = new URL(`https://${this.#scope.host}${path}`);
    for (let asked = 1; ; asked++) {
      const keys = await this.#credentials.current(call.signal);
      const request = { method: 'POST', url, headers: call.headers, body: call.body } as const;
      const headers = signedHeaders(request, this.#scope, keys, new Date());
      const response = await post(url.href, this.#agent, { ...call, headers });
      if (response.ok) return response;
      const text = await response.text();
      const error = errorOf(response, text);
      if (response.status !== 403 || !KEYS_REFUSED.test(error) || asked === 2)
        return inWordsOfHttp(response, error, text);
      this.#credentials.refuse(keys);
    }
  }
}

interface Refusal {
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
  /** What the container behind SageMaker answered; nothing, when it did not in the minute that SageMaker waits. */
  readonly OriginalStatusCode?: number;
  readonly OriginalMessage?: string;
  /** The same of Bedrock. */
  readonly originalStatusCode?: number;
}

function refusalOf(text: string): Refusal {
  try {
    return JSON.parse(text) as Refusal;
  } catch {
    return {};
  }
}

/** Its code, without what some services write before and behind it. */
const errorOf = ({ headers }: Response, text: string): string =>
  (headers.get('x-amzn-errortype') ?? refusalOf(text).__type ?? '').replace(/:.*$/, '').replace(/^.*#/, '');

function inWordsOfHttp(response: Response, error: string, text: string): Response {
  const { Message, message = Message, ...original } = refusalOf(text);
  const said = original.OriginalMessage ?? `${error}: ${message ?? text}`;
  return new Response(said, { status: statusOf(response.status, error, original, said), headers: response.headers });
}

function statusOf(status: number, error: string, original: Refusal, said: string): number {
  if (status === 424) {
    const of = original.OriginalStatusCode ?? original.originalStatusCode ?? 502;
    return of >= 400 && of < 600 ? of : 504;
  }
  // Of the model, not of who asks: Bedrock gives it the number that HTTP has for a slow client.
  if (error === 'ModelTimeoutException') return 504;
  if (error === 'ThrottlingException' || error === 'ServiceQuotaExceededException') return 429;
  // Asking is what brings the first copy.
  if (status === 400 && WITHOUT_COPIES.test(said)) return 503;
  return status;
}
