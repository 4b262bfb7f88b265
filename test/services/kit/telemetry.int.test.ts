import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { Deadline, EngineClient, startTelemetry, startWorker } from '@penstock/kit';
import { pino } from 'pino';
import { type FakeLease, FakeQueue } from './fake-queue.ts';

interface Exported {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly links?: readonly { readonly traceId: string }[];
      }[];
    }[];
  }[];
}

test('an attempt is a span of its own that links to the publisher and goes along to the engine', async () => {
  const publisher = 'a'.repeat(32);
  const exported: Exported[] = [];
  let traceparent: string | undefined;
  // One server plays the collector and the engine.
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === '/v1/traces') {
      exported.push(JSON.parse(body) as Exported);
      response.end('{}');
      return;
    }
    traceparent = request.headers['traceparent'] as string | undefined;
    response.end(JSON.stringify({ data: [{ index: 0, embedding: [1] }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const telemetry = startTelemetry({ service: 'mail-classifier', instance: 'classify', tracesEndpoint: `${url}/` });
  const engine = new EngineClient({ url, model: 'm' });
  const queue = new FakeQueue();
  const worker = startWorker({
    profile: { id: 'classify', concurrency: 1, prefetch: 1, drainMs: 0 },
    queue,
    log: pino({ level: 'silent' }),
    handler: async () => {
      await Promise.resolve();
      await engine.embed(['a'], { deadline: Deadline.after(60_000) });
    },
  });
  const [lease] = queue.deliver('a', { traceparent: `00-${publisher}-${'b'.repeat(16)}-01` }) as [FakeLease];
  expect(await lease.settled).toBe('acked');
  await worker.drain();
  await telemetry.shutdown();
  server.close();
  server.closeAllConnections();

  const spans = exported.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans: inner }) => inner)),
  );
  const span = spans.find(({ name }) => name === 'process mails');
  expect(span?.links).toMatchObject([{ traceId: publisher }]);
  expect(span?.traceId).not.toBe(publisher);
  expect(traceparent?.split('-')[1]).toBe(span?.traceId);
});
