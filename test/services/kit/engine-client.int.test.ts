import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DEADLINE_HEADER, Deadline, EngineClient } from '@penstock/kit';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<EngineClient> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new EngineClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, model: 'm' });
}

const soon = () => ({ deadline: Deadline.after(60_000) });
const base64 = (...numbers: number[]): string => Buffer.from(Float32Array.from(numbers).buffer).toString('base64');

describe('the engine client', () => {
  test('asks for base64 with the time that is left, and puts the vectors in the order of the inputs', async () => {
    let headers: IncomingHttpHeaders = {};
    let body: unknown;
    const client = await serve(async (request, response) => {
      headers = request.headers;
      body = JSON.parse(await text(request));
      const data = [
        { index: 1, embedding: base64(0.25, 2) },
        { index: 0, embedding: base64(0.5, -1) },
      ];
      response.setHeader('x-model-revision', 'r7').end(JSON.stringify({ data }));
    });
    const { vectors, revision } = await client.embed(['a', 'b'], soon());
    expect(vectors.map((vector) => [...vector])).toEqual([
      [0.5, -1],
      [0.25, 2],
    ]);
    expect(revision).toBe('r7');
    expect(body).toEqual({ model: 'm', input: ['a', 'b'], encoding_format: 'base64' });
    expect(Number(headers[DEADLINE_HEADER])).toBeGreaterThan(0);
  });

  test('reads numbers from a server that knows no base64', async () => {
    const client = await serve((_request, response) => {
      response.end(JSON.stringify({ data: [{ index: 0, embedding: [0.5, -1] }] }));
    });
    expect([...((await client.embed(['a'], soon())).vectors[0] ?? [])]).toEqual([0.5, -1]);
  });

  test.each([
    [429, 'engine-overloaded', true],
    [503, 'engine-overloaded', true],
    [504, 'deadline-exceeded', true],
    [500, 'engine-failed', true],
    [400, 'request-refused', false],
    [404, 'request-refused', false],
  ])('rejects by the status %i as %s', async (status, code, retryable) => {
    const client = await serve((_request, response) => response.writeHead(status).end('because'));
    await expect(client.embed(['a'], soon())).rejects.toMatchObject({
      code,
      retryable,
      message: expect.stringContaining('because'),
    });
  });

  test.each([
    ['no JSON', '<html>'],
    ['no data', '{}'],
    ['fewer vectors than inputs', '{"data":[]}'],
    ['half a number', '{"data":[{"index":0,"embedding":"AAA="}]}'],
  ])('rejects an answer with %s', async (_title, answer) => {
    const client = await serve((_request, response) => response.end(answer));
    await expect(client.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed' });
  });

  test('rejects an answer that breaks off', async () => {
    const client = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy());
    });
    await expect(client.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed' });
  });

  test('rejects when nobody listens', async () => {
    const client = new EngineClient({ url: 'http://127.0.0.1:1', model: 'm' });
    await expect(client.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
  });

  test('rejects when the deadline passes before the answer, or before all of it', async () => {
    const silent = await serve(() => {});
    const slow = await serve((_request, response) => response.writeHead(200).write('{'));
    for (const client of [silent, slow])
      await expect(client.embed(['a'], { deadline: Deadline.after(50) })).rejects.toMatchObject({
        code: 'deadline-exceeded',
      });
  });

  test('rejects with the reason of the caller that gave up', async () => {
    const caller = new AbortController();
    const client = await serve(() => caller.abort('lease lost'));
    await expect(client.embed(['a'], { ...soon(), signal: caller.signal })).rejects.toBe('lease lost');
  });

  test.each([
    ['7', 7_000],
    ['soon', undefined],
    [new Date(0).toUTCString(), 0],
  ])('keeps a pause that the engine asks for: %s', async (header, retryAfterMs) => {
    const client = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': header }).end('busy');
    });
    await expect(client.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-overloaded', retryAfterMs });
  });
});
