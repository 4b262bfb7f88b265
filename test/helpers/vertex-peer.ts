import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { VertexMonitors } from './vertex-monitors.ts';

interface Model {
  readonly name: string;
  displayName: string;
  labels: Record<string, string>;
  readonly containerSpec?: { readonly predictRoute?: string };
}

interface DeployedModel {
  readonly id: string;
  readonly model: string;
  dedicatedResources?: Record<string, unknown>;
}

interface Endpoint {
  readonly name: string;
  etag: number;
  deployedModels: DeployedModel[];
  trafficSplit: Record<string, number>;
}

interface Operation {
  readonly name: string;
  readonly resource: string;
  polls: number;
  done: boolean;
  error?: { code: number; message: string };
  readonly end: () => void;
}

/** What goes wrong, once, with the next request whose `METHOD path` has the text in it. */
export interface Fault {
  readonly on: string;
  /**
   * A status instead of the act; `lost`: it acts and the answer is lost; `late`: the operation it begins fails when it is
   * nearly done.
   */
  readonly kind: number | 'lost' | 'late';
  readonly retryAfter?: string;
}

/** In PEM, as a server in a network shows it. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export const PARENT = 'projects/shop/locations/europe-west4';
export const ENDPOINT = `${PARENT}/endpoints/1234567890`;
export const TOKEN = 'ya29.stand-in';

/**
 * A stand-in for Vertex AI on loopback, written from Google's public REST reference: models, one endpoint, what watches it
 * and long-running operations, with the refusals that matter. It keeps books of what is there and of what was asked.
 */
export class VertexPeer {
  readonly models = new Map<string, Model>();
  readonly endpoint: Endpoint = { name: ENDPOINT, etag: 1, deployedModels: [], trafficSplit: {} };
  readonly monitors = new VertexMonitors(PARENT, () => this.endpoint.deployedModels.map(({ id }) => id));
  /** `METHOD path` of all requests that were let in, in their order. */
  readonly asked: string[] = [];
  /** How often an operation is looked at before it is done. */
  polls = 2;
  /** After which an operation is done, however often it was looked at. */
  longestOperationMs = 200;
  /** By which networks reach the endpoint, once something is behind it. */
  attachment: string | undefined;
  /** Where the container of every model listens. */
  container = '';
  /** The one that is valid now. */
  token = TOKEN;
  readonly #faults: Fault[] = [];
  readonly #operations = new Map<string, Operation>();
  readonly #server;

  private constructor(tls: Tls | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  }

  static async start(port = 0, tls?: Tls): Promise<VertexPeer> {
    const peer = new VertexPeer(tls);
    await new Promise<void>((resolve) => peer.#server.listen(port, '127.0.0.1', resolve));
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  /** Requests that change something. */
  get acts(): readonly string[] {
    return this.asked.filter((line) => !line.startsWith('GET '));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const method = request.method ?? '';
    const [path = '', query = ''] = (request.url ?? '').replace(/^\/(v1\/)?/, '').split('?');
    const line = `${method} ${path}`;
    const index = this.#faults.findIndex(({ on }) => line.includes(on));
    const [fault] = index === -1 ? [] : this.#faults.splice(index, 1);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      if (fault?.kind === 'lost') return request.socket.destroy();
      return response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return send(401, refusal(401, 'UNAUTHENTICATED', 'no token'));
    if (typeof fault?.kind === 'number') {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return send(fault.kind, refusal(fault.kind, 'UNAVAILABLE', 'as the test asks'), headers);
    }
    this.asked.push(line);
    if (path === `${ENDPOINT}:rawPredict` || path === `v1beta1/${ENDPOINT}/chat/completions`)
      return this.#predict(request, text, response, fault);
    try {
      return send(200, this.#act(method, path, new URLSearchParams(query), text === '' ? {} : JSON.parse(text), fault));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return send(error.status, refusal(error.status, error.reason, error.message));
    }
  }

  /** To the one route of a model that has traffic; of the headers of its answer only Google's own two are promised. */
  async #predict(
    { headers, socket }: IncomingMessage,
    body: string,
    response: ServerResponse,
    fault: Fault | undefined,
  ): Promise<unknown> {
    const [id] = Object.keys(this.endpoint.trafficSplit);
    const deployed = this.endpoint.deployedModels.find((each) => each.id === id);
    const route = this.models.get(deployed?.model ?? '')?.containerSpec?.predictRoute;
    if (id === undefined || route === undefined)
      return response.writeHead(404).end(JSON.stringify(refusal(404, 'NOT_FOUND', 'nothing is deployed')));
    const deadline = headers['x-request-deadline-ms'];
    const answer = await fetch(`${this.container}${route}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(typeof deadline === 'string' ? { 'x-request-deadline-ms': deadline } : {}),
      },
    }).catch(() => undefined);
    // Nobody waits for it any more when the container goes.
    if (answer === undefined) return socket.destroy();
    const read = await answer.text();
    if (fault?.kind === 'lost') return socket.destroy();
    const own = { 'x-vertex-ai-endpoint-id': ENDPOINT.split('/').at(-1), 'x-vertex-ai-deployed-model-id': id };
    return response.writeHead(answer.status, { 'content-type': 'application/json', ...own }).end(read);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the bodies of the API, of as many shapes as it has methods
  #act(method: string, path: string, query: URLSearchParams, body: any, fault: Fault | undefined): unknown {
    const begin = (resource: string, effect: () => void) => this.#begin(resource, effect, fault?.kind === 'late');
    const operation = this.#operations.get(path);
    if (operation !== undefined) return this.#poll(operation);
    if (this.monitors.has(path)) {
      const refuse = (status: number, reason: string, message: string): never => {
        throw new Refused(status, reason, message);
      };
      // What fails late of a job is the job itself: the rest of it are operations.
      return this.monitors.act(method, path, query, body, begin, fault?.kind === 'late', refuse);
    }
    if (path === `${PARENT}/models:upload`) {
      const name = `${PARENT}/models/${body.modelId}`;
      if (this.models.has(name) || this.#busy(name)) throw new Refused(409, 'ALREADY_EXISTS', `${name} exists`);
      if (body.model.containerSpec?.imageUri === undefined) throw new Refused(400, 'INVALID_ARGUMENT', 'no imageUri');
      return begin(name, () => this.models.set(name, { labels: {}, ...body.model, name }));
    }
    if (path.startsWith(`${PARENT}/models/`)) {
      const model = this.models.get(path);
      if (model === undefined) throw new Refused(404, 'NOT_FOUND', `${path} is not there`);
      if (method === 'GET') return model;
      if (method === 'PATCH') {
        for (const field of (query.get('updateMask') ?? '').split(',')) Object.assign(model, { [field]: body[field] });
        return model;
      }
      if (this.endpoint.deployedModels.some((each) => each.model === path))
        throw new Refused(400, 'FAILED_PRECONDITION', 'the model is deployed');
      return begin(path, () => this.models.delete(path));
    }
    if (!path.startsWith(ENDPOINT)) throw new Refused(404, 'NOT_FOUND', `${path} is not there`);
    return this.#actOnEndpoint(method, path.slice(ENDPOINT.length), body, begin);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the bodies of the API, of as many shapes as it has methods
  #actOnEndpoint(method: string, verb: string, body: any, begin: (on: string, effect: () => void) => unknown): unknown {
    const { endpoint } = this;
    if (method === 'GET') {
      const reached = this.attachment === undefined ? {} : { privateEndpoints: { serviceAttachment: this.attachment } };
      const deployedModels = endpoint.deployedModels.map((each) => ({ ...each, ...reached }));
      return { ...endpoint, ...this.monitors.of(ENDPOINT), deployedModels, etag: String(endpoint.etag) };
    }
    if (method === 'PATCH') {
      if (body.etag !== String(endpoint.etag)) throw new Refused(409, 'ABORTED', 'the etag is of another day');
      const sum = Object.values<number>(body.trafficSplit).reduce((all, share) => all + share, 0);
      if (sum !== 100 && Object.keys(body.trafficSplit).length > 0)
        throw new Refused(400, 'INVALID_ARGUMENT', `${sum} %`);
      this.#change(() => Object.assign(endpoint, { trafficSplit: body.trafficSplit }));
      return endpoint;
    }
    if (this.#busy(ENDPOINT))
      throw new Refused(400, 'FAILED_PRECONDITION', 'there are other operations running on the endpoint');
    const id: string = body.deployedModelId ?? body.deployedModel?.id;
    const deployed = endpoint.deployedModels.find((each) => each.id === id);
    if (verb === ':deployModel') {
      if (deployed !== undefined) throw new Refused(409, 'ALREADY_EXISTS', `${id} is deployed`);
      if (!/^\d{1,10}$/.test(id)) throw new Refused(400, 'INVALID_ARGUMENT', `${id} is no id of a deployed model`);
      if (!this.models.has(body.deployedModel.model)) throw new Refused(404, 'NOT_FOUND', 'the model is not there');
      return begin(ENDPOINT, () => this.#change(() => endpoint.deployedModels.push(body.deployedModel)));
    }
    if (deployed === undefined) throw new Refused(404, 'NOT_FOUND', `${id} is not deployed`);
    if (verb === ':mutateDeployedModel')
      return begin(ENDPOINT, () => this.#change(() => Object.assign(deployed, body.deployedModel)));
    if (endpoint.trafficSplit[id] !== undefined && Object.keys(endpoint.trafficSplit).length > 1)
      throw new Refused(400, 'FAILED_PRECONDITION', 'it has traffic');
    return begin(ENDPOINT, () =>
      this.#change(() => {
        endpoint.deployedModels = endpoint.deployedModels.filter((each) => each.id !== id);
      }),
    );
  }

  #change(effect: () => void): void {
    effect();
    this.endpoint.etag += 1;
  }

  #busy(resource: string): boolean {
    return [...this.#operations.values()].some((each) => each.resource === resource && !each.done);
  }

  #begin(resource: string, effect: () => void, fails: boolean): unknown {
    const name = `${PARENT}/operations/${this.#operations.size + 1}`;
    const end = () => {
      if (operation.done) return;
      operation.done = true;
      if (fails) operation.error = { code: 9, message: 'the container did not start' };
      else effect();
    };
    const operation: Operation = { name, resource, polls: this.polls, done: false, end };
    this.#operations.set(name, operation);
    // The server goes on whether anybody looks or not.
    setTimeout(end, this.longestOperationMs).unref();
    return { name, done: false };
  }

  #poll(operation: Operation): unknown {
    operation.polls -= 1;
    if (operation.polls <= 0) operation.end();
    const { name, done, error } = operation;
    return { name, done, ...(error === undefined ? {} : { error }) };
  }
}

class Refused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const refusal = (code: number, status: string, message: string) => ({ error: { code, status, message } });
