import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AwsCredentials } from '../../services/kit/src/engines/aws-signature.ts';
import type { AwsSigner } from './aws-signature.ts';

export const REGION = 'eu-central-1';

interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly body?: object;
}

/** What a request was, once its signature was found right. */
export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Of AWS's clocks: a signature of another time is refused. */
const CLOCK_MS = 300_000;

/**
 * A stand-in on loopback for the runtimes of SageMaker and Bedrock, written from their API references: who asks is known by
 * a signature, which is computed anew by Amazon's own client; SageMaker hands a body to the one route of a container and of
 * the headers one, and wraps what the container refuses.
 */
export class AwsRuntimePeer {
  readonly asked: Asked[] = [];
  /** Those that are good now, by their id. */
  readonly keys = new Map<string, AwsCredentials>();
  /** Id of keys whose time is up. */
  expired: string | undefined;
  /** Where the container behind SageMaker listens: it has one route. */
  container = '';
  /** What the models of Bedrock answer to a body, by their id. */
  readonly models = new Map<string, (body: never) => object>();
  readonly #refusals: Refusal[] = [];
  readonly #signer: AwsSigner;
  readonly #server;

  private constructor(signer: AwsSigner, tls: { readonly cert: string; readonly key: string }) {
    this.#signer = signer;
    this.#server = createServer(tls, (request, response) => void this.#answer(request, response));
  }

  static async start(signer: AwsSigner, tls: { readonly cert: string; readonly key: string }): Promise<AwsRuntimePeer> {
    const peer = new AwsRuntimePeer(signer, tls);
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Instead of the next answers, one each. */
  refuse(...refusals: readonly Refusal[]): void {
    this.#refusals.push(...refusals);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const path = request.url ?? '';
    const refuse = ({ status, type, body: told = { message: 'as the test asks' } }: Refusal) =>
      response
        .writeHead(status, { 'x-amzn-errortype': `${type}:http://internal.amazon.com/` })
        .end(JSON.stringify(told));
    const unknown = await this.#unknown(request, body, path.startsWith('/endpoints/') ? 'sagemaker' : 'bedrock');
    if (unknown !== undefined) return refuse({ status: 403, type: unknown });
    this.asked.push({ path, headers: request.headers as Record<string, string>, body: JSON.parse(body) as unknown });
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) return refuse(refusal);
    if (path.startsWith('/endpoints/')) return this.#invokeEndpoint(request, body, response);
    const { groups } = /^\/model\/(?<id>[^/]+)\/invoke$/.exec(path) ?? {};
    const id = groups?.['id'] ?? (JSON.parse(body) as { readonly model: string }).model;
    const model = this.models.get(decodeURIComponent(id));
    if (model === undefined) return refuse({ status: 404, type: 'ResourceNotFoundException' });
    response.setHeader('x-amzn-bedrock-input-token-count', '3');
    return response.end(JSON.stringify(model(JSON.parse(body) as never)));
  }

  /** Why who asks is not let in; undefined for who is. */
  async #unknown({ method = '', url = '', headers }: IncomingMessage, body: string, service: string) {
    const { authorization = '', 'x-amz-date': time } = headers;
    const [, id = '', scope = '', names = ''] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=/.exec(authorization) ?? [];
    const credentials = this.keys.get(id);
    if (id === this.expired) return 'ExpiredTokenException';
    if (credentials === undefined || headers['x-amz-security-token'] !== credentials.sessionToken)
      return 'UnrecognizedClientException';
    const signed = names.split(';');
    if (!['host', 'x-amz-date', 'x-amz-security-token', 'content-type'].every((name) => signed.includes(name)))
      return 'IncompleteSignatureException';
    const [, region] = scope.split('/');
    const at = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(time));
    const [, year, month, day, ...clock] = at ?? [];
    const distance = Math.abs(Date.parse(`${year}-${month}-${day}T${clock.join(':')}Z`) - Date.now());
    if (region !== REGION || !(distance < CLOCK_MS)) return 'InvalidSignatureException';
    const expected = await this.#signer.authorization({
      method,
      url: `https://${headers.host}${url}`,
      headers: Object.fromEntries(
        signed.filter((name) => name !== 'host').map((name) => [name, String(headers[name])]),
      ),
      body,
      region,
      service,
      time: String(time),
      credentials,
    });
    return expected === authorization ? undefined : 'InvalidSignatureException';
  }

  async #invokeEndpoint({ headers, socket }: IncomingMessage, body: string, response: ServerResponse) {
    const attributes = headers['x-amzn-sagemaker-custom-attributes'];
    const answer = await fetch(this.container, {
      method: 'POST',
      body,
      headers: {
        'content-type': String(headers['content-type']),
        ...(typeof attributes === 'string' ? { 'x-amzn-sagemaker-custom-attributes': attributes } : {}),
      },
    }).catch(() => undefined);
    // Nobody waits for it any more when the container goes.
    if (answer === undefined) return socket.destroy();
    const read = await answer.text();
    if (answer.ok) return response.setHeader('content-type', 'application/json').end(read);
    const told = { Message: 'from primary', OriginalStatusCode: answer.status, OriginalMessage: read };
    return response.writeHead(424, { 'x-amzn-errortype': 'ModelError' }).end(JSON.stringify(told));
  }
}
