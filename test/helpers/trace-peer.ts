import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

type Value = string | number | boolean;

/** A span as OTLP carries it, its numbers and attributes made plain. */
export interface SeenSpan {
  readonly service: string;
  readonly resource: Readonly<Record<string, Value>>;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, Value>>;
  readonly failed: boolean;
}

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const FAILED = 2;

interface Attribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface Exported {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
        readonly attributes?: readonly Attribute[];
        readonly status?: { readonly code?: number };
      }[];
    }[];
  }[];
}

/** Takes spans by OTLP over HTTP in its JSON form, from a service or from a collector, and shows them. */
export class TracePeer implements AsyncDisposable {
  readonly url: string;
  readonly spans: SeenSpan[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  static async listen(answer?: (request: IncomingMessage) => unknown): Promise<TracePeer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TracePeer(server, answer);
  }

  private constructor(server: Server, answer: (request: IncomingMessage) => unknown = () => ({})) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', async (request, response) => {
      const body = await buffer(request);
      response.setHeader('content-type', 'application/json');
      if (request.url !== '/v1/traces') {
        response.end(JSON.stringify(answer(request)));
        return;
      }
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      this.spans.push(...seen(JSON.parse(text.toString()) as Exported));
      response.end('{}');
      for (const look of this.#waiting) look();
    });
  }

  /** The first span that fits, once it has come. */
  async until(fits: (span: SeenSpan) => boolean): Promise<SeenSpan> {
    const found = Promise.withResolvers<SeenSpan>();
    const look = (): void => {
      const span = this.spans.find(fits);
      if (span !== undefined) found.resolve(span);
    };
    this.#waiting.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      this.#waiting.delete(look);
    }
  }

  named(name: string): readonly SeenSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

const seen = ({ resourceSpans = [] }: Exported): readonly SeenSpan[] =>
  resourceSpans.flatMap(({ resource: { attributes: ofResource = [] } = {}, scopeSpans }) => {
    const resource = plain(ofResource);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId = '', links = [], attributes = [], status = {} }) => ({
        service: String(resource['service.name']),
        resource,
        name,
        kind: KINDS[kind] ?? 'internal',
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        links,
        attributes: plain(attributes),
        failed: status.code === FAILED,
      })),
    );
  });

const plain = (attributes: readonly Attribute[]): Readonly<Record<string, Value>> =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? boolValue ?? doubleValue ?? Number(intValue),
    ]),
  );
