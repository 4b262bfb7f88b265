import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Deadline,
  EngineClient,
  type Handler,
  openBus,
  openBusAdmin,
  startTelemetry,
  startWorker,
  type Telemetry,
} from '@penstock/kit';
import { pino } from 'pino';
import { TracePeer } from '../../helpers/trace-peer.ts';
import { type FakeLease, FakeQueue, QUEUE_PROFILE } from './fake-queue.ts';

const PUBLISHER = 'a'.repeat(32);
const CALLER = { traceparent: `00-${PUBLISHER}-${'b'.repeat(16)}-01` };

describe('spans, as a collector gets them', () => {
  let peer: TracePeer;
  let telemetry: Telemetry;
  let asked: IncomingMessage | undefined;

  beforeEach(async () => {
    // One server plays the collector and the engine.
    peer = await TracePeer.listen((request) => {
      asked = request;
      return { model: 'm', data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 3 } };
    });
    telemetry = await startTelemetry({
      service: 'mail-classifier',
      instance: 'classify',
      tracesEndpoint: `${peer.url}/`,
    });
  });

  afterEach(async () => {
    await telemetry.shutdown();
    await peer[Symbol.asyncDispose]();
  });

  /** Works on one item until it is settled and everything is sent. */
  async function work(handler: Handler, queue = new FakeQueue(), headers = {}): Promise<string> {
    const profile = { id: 'classify', concurrency: 1, prefetch: 1, drainMs: 0 };
    const worker = startWorker({ profile, queue, log: pino({ level: 'silent' }), handler });
    const [lease] = queue.deliver('a', headers) as [FakeLease];
    const settled = await lease.settled;
    await worker.drain();
    await telemetry.shutdown();
    return settled;
  }

  test('an attempt is a span of its own that links to the publisher and goes along to the engine', async () => {
    const engine = new EngineClient({ url: peer.url, model: 'm' });
    const settled = await work(
      async () => {
        await Promise.resolve();
        await engine.embed(['a'], { deadline: Deadline.after(60_000) });
      },
      new FakeQueue(),
      CALLER,
    );
    expect(settled).toBe('acked');
    const [attempt] = peer.named('process mails');
    const [call] = peer.named('embeddings m');
    expect(attempt).toMatchObject({
      kind: 'consumer',
      service: 'mail-classifier',
      parentSpanId: undefined,
      links: [{ traceId: PUBLISHER }],
      attributes: {
        'messaging.destination.name': 'mails',
        'messaging.consumer.group.name': 'classify',
        'messaging.message.id': 'a',
        'penstock.attempt': 1,
        'penstock.outcome': 'done',
      },
      failed: false,
    });
    expect(attempt?.traceId).not.toBe(PUBLISHER);
    expect(attempt?.attributes).not.toHaveProperty('penstock.late');
    expect(call).toMatchObject({
      kind: 'client',
      traceId: attempt?.traceId,
      parentSpanId: attempt?.spanId,
      attributes: {
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.request.model': 'm',
        'gen_ai.usage.input_tokens': 3,
      },
    });
    expect(asked?.headers['traceparent']).toBe(`00-${call?.traceId}-${call?.spanId}-01`);
    expect(peer.named('ack mails')).toMatchObject([
      { kind: 'client', parentSpanId: attempt?.spanId, attributes: { 'messaging.operation.type': 'settle' } },
    ]);
  });

  test('an attempt that fails says by which code, and so does the call that it failed by', async () => {
    const engine = new EngineClient({ url: `${peer.url}/`.replace(/:\d+/, ':1'), model: 'm' });
    const call: Handler = async () => {
      await engine.embed(['a'], { deadline: Deadline.after(60_000) });
    };
    expect(await work(call)).toBe('failed');
    const failed = { failed: true, attributes: { 'error.type': 'engine-failed' } };
    expect(peer.named('process mails')).toMatchObject([failed]);
    expect(peer.named('process mails')[0]?.attributes['penstock.outcome']).toBe('retried');
    expect(peer.named('embeddings m')).toMatchObject([failed]);
    expect(peer.named('nack mails')).toMatchObject([{ failed: false }]);
  });

  test('an item that is done after its promise is marked as late', async () => {
    await work(async () => {}, new FakeQueue({ ...QUEUE_PROFILE, doneWithinMs: -1 }));
    expect(peer.named('process mails')).toMatchObject([{ failed: false, attributes: { 'penstock.late': true } }]);
  });

  test('what a caller outside did not want to sample is recorded all the same', async () => {
    await work(async () => {}, new FakeQueue(), { traceparent: CALLER.traceparent.replace(/01$/, '00') });
    expect(peer.named('process mails')).toMatchObject([{ links: [{ traceId: PUBLISHER }] }]);
  });

  describe('of a publisher', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'penstock-traces-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test('a publish is a span to which the item links, unless it was made in another', async () => {
      const url = `sqlite:${join(folder, 'bus.db')}`;
      const admin = await openBusAdmin(url);
      await admin.provision(QUEUE_PROFILE);
      await admin.close();
      const bus = await openBus(url);
      const queue = await bus.bind(QUEUE_PROFILE);
      const payload = new Uint8Array(7);
      await queue.publish({ idempotencyKey: 'own', payload });
      await queue.publish({ idempotencyKey: 'forwarded', payload, headers: CALLER });
      await expect(queue.publish({ idempotencyKey: 'big', payload: new Uint8Array(70_000) })).rejects.toMatchObject({
        code: 'item-too-large',
      });
      const taken: Record<string, string | undefined> = {};
      const both = Promise.withResolvers<void>();
      const consumption = queue.consume({ prefetch: 2 }, (lease) => {
        taken[lease.idempotencyKey] = lease.headers['traceparent'];
        void lease.ack().then(() => Object.keys(taken).length === 2 && both.resolve());
      });
      await both.promise;
      await consumption.stop();
      await bus.close();
      await telemetry.shutdown();
      const [own, , big] = peer.named('publish mails');
      expect(own).toMatchObject({
        kind: 'producer',
        failed: false,
        attributes: {
          'messaging.system': 'sqlite',
          'messaging.operation.type': 'send',
          'messaging.message.body.size': 7,
          'penstock.duplicate': false,
        },
      });
      expect(taken).toEqual({ own: `00-${own?.traceId}-${own?.spanId}-01`, forwarded: CALLER.traceparent });
      expect(big).toMatchObject({ failed: true, attributes: { 'error.type': 'item-too-large' } });
    }, 60_000);
  });

  test('metrics tell how many spans were sent, and how many were lost before', async () => {
    const queue = new FakeQueue();
    const worker = startWorker({
      profile: { id: 'classify', concurrency: 1, prefetch: 1, drainMs: 0 },
      queue,
      log: pino({ level: 'silent' }),
      handler: async () => {},
    });
    queue.deliver('a');
    await peer.until(({ name }) => name === 'process mails');
    await worker.drain();
    const server = createServer((request, response) => telemetry.handleMetrics(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const metrics = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
    expect(await metrics.text()).toMatch(/^otel_sdk_processor_span_processed_total\{[^}]*\} 2$/m);
    server.close();
    server.closeAllConnections();
  });
});
