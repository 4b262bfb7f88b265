import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KitError } from './errors.ts';

/** Why a service is not ready; undefined when it is. */
export type ReadinessCheck = () => string | undefined;

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handleMetrics: (request: IncomingMessage, response: ServerResponse) => void;
}

/**
 * `/livez`, `/readyz` (and `/healthz`, its alias) and `/metrics`, apart from the service's own API. Live means the
 * event loop turns; ready means every named check passes.
 */
export class OpsServer {
  readonly #server: Server;
  readonly #checks = new Map<string, ReadinessCheck>();

  private constructor(handleMetrics: OpsServerOptions['handleMetrics']) {
    this.#server = createServer((request, response) => {
      const path = request.url?.split('?')[0];
      if (path === '/livez') answer(response, 200, { status: 'live' });
      else if (path === '/readyz' || path === '/healthz') this.#answerReadiness(response);
      else if (path === '/metrics') handleMetrics(request, response);
      else answer(response, 404, { error: 'no such path; there are /livez, /readyz and /metrics' });
    });
  }

  /** @throws {KitError} `port-in-use` */
  static async listen({ host, port, handleMetrics }: OpsServerOptions): Promise<OpsServer> {
    const ops = new OpsServer(handleMetrics);
    await listen(ops.#server, host, port);
    return ops;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Adds or replaces a check by its name. */
  check(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  #answerReadiness(response: ServerResponse): void {
    const failing = [...this.#checks].flatMap(([name, check]) => {
      const reason = check();
      return reason === undefined ? [] : [[name, reason] as const];
    });
    answer(response, failing.length === 0 ? 200 : 503, {
      status: failing.length === 0 ? 'ready' : 'not ready',
      failing: Object.fromEntries(failing),
    });
  }
}

/** Listens, with a clear error when the port is taken. @throws {KitError} `port-in-use` */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
}

/** What a failed `listen` means. */
export function listenError(error: unknown, host: string, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new KitError('port-in-use', `${host}:${port} is taken`, {
    repair: 'stop what listens there, or choose another port',
    cause: error,
  });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
