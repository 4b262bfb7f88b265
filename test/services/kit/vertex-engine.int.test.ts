import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Deadline, EngineClient } from '@penstock/kit';
import { GoogleAccessToken } from '../../../services/kit/src/engines/google-access-token.ts';
import { vertexProtocol } from '../../../services/kit/src/engines/vertex.ts';
import { makeAuthority, makeCertificate, opensslRequirement } from '../../helpers/certificates.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { ENDPOINT, PARENT, VertexPeer } from '../../helpers/vertex-peer.ts';

const VECTOR = [0.5, -1];
const soon = () => ({ deadline: Deadline.after(30_000) });

describeWith(opensslRequirement(), 'an engine behind an endpoint of Vertex AI', () => {
  let folder: string;
  let peer: VertexPeer;
  const servers: Server[] = [];
  /** Tokens in the order in which the metadata server hands them out; the last one again and again. */
  let tokens: { access_token: string; expires_in: number }[];
  let asked: number;
  let metadata: string;
  let seen: { body: unknown; deadline: unknown }[];

  const listen = async (server: Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vertex-'));
    makeAuthority(folder, 'front');
    makeCertificate(folder, 'front', ['localhost'], 1);
    makeAuthority(folder, 'other');
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  beforeEach(async () => {
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    peer = await VertexPeer.start(0, { cert: read('tls.crt'), key: read('tls.key') });
    const model = `${PARENT}/models/m`;
    peer.models.set(model, {
      name: model,
      displayName: 'm',
      labels: {},
      containerSpec: { predictRoute: '/v1/embeddings' },
    });
    peer.endpoint.deployedModels.push({ id: '7', model });
    peer.endpoint.trafficSplit = { '7': 100 };
    seen = [];
    peer.container = await listen(
      createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        seen.push({
          body: JSON.parse(Buffer.concat(chunks).toString()),
          deadline: request.headers['x-request-deadline-ms'],
        });
        if (request.url !== '/v1/embeddings') return response.writeHead(404).end();
        response.setHeader('x-model-revision', 'r7');
        return response.end(JSON.stringify({ system_fingerprint: 'r7', data: [{ index: 0, embedding: VECTOR }] }));
      }),
    );
    asked = 0;
    tokens = [{ access_token: peer.token, expires_in: 3_600 }];
    metadata = await listen(
      createServer((request, response) => {
        if (request.headers['metadata-flavor'] !== 'Google') return response.writeHead(403).end();
        return response.end(JSON.stringify(tokens[Math.min(asked++, tokens.length - 1)]));
      }),
    );
  });

  afterEach(async () => {
    await peer.stop();
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  const address = (authority = 'ca.crt') => `vertex://localhost:${peer.port}/${ENDPOINT}?ca=${join(folder, authority)}`;
  const client = (url = address()) =>
    new EngineClient({
      url,
      model: 'm',
      protocol: vertexProtocol(new URL(url), { token: new GoogleAccessToken(metadata) }),
    });

  test('is asked by rawPredict with the token of the account, and answers through the route of its model', async () => {
    const { vectors, revision } = await client().embed(['a'], soon());
    expect([...(vectors[0] ?? [])]).toEqual(VECTOR);
    // The front door lets no header of the server through; the body says it too.
    expect(revision).toBe('r7');
    expect(peer.asked).toEqual([`POST ${ENDPOINT}:rawPredict`]);
    expect(seen).toMatchObject([{ body: { model: 'm', input: ['a'], encoding_format: 'base64' } }]);
    expect(Number(seen[0]?.deadline)).toBeGreaterThan(0);
  });

  test('of the Model Garden is asked for chats by the path that Google has for them, and for nothing else', async () => {
    const url = `${address()}&api=chat`;
    const garden = vertexProtocol(new URL(url), { token: new GoogleAccessToken(metadata) });
    const call = { body: '{"messages":[]}', headers: {}, signal: AbortSignal.timeout(30_000) };
    expect((await garden.send({ ...call, route: '/v1/chat/completions' })).status).toBe(200);
    expect(peer.asked).toEqual([`POST v1beta1/${ENDPOINT}/chat/completions`]);
    await expect(garden.send({ ...call, route: '/v1/embeddings' })).rejects.toThrow('[request-refused]');
  });

  test('costs one question to the metadata server, also by many callers at once', async () => {
    const engine = client();
    await Promise.all([engine.embed(['a'], soon()), engine.embed(['b'], soon())]);
    await engine.embed(['c'], soon());
    expect(asked).toBe(1);
  });

  test('is asked with a new token when the old one is about to end', async () => {
    tokens = [
      { access_token: peer.token, expires_in: 100 },
      { access_token: peer.token, expires_in: 3_600 },
    ];
    const engine = client();
    for (const text of ['a', 'b', 'c']) await engine.embed([text], soon());
    expect(asked).toBe(2);
  });

  test('is asked once more where a token was taken back, and no third time', async () => {
    tokens = [
      { access_token: 'old', expires_in: 3_600 },
      { access_token: peer.token, expires_in: 3_600 },
    ];
    await client().embed(['a'], soon());
    expect(asked).toBe(2);
    peer.token = 'of somebody else';
    await expect(client().embed(['a'], soon())).rejects.toMatchObject({ code: 'request-refused', retryable: false });
    expect(seen).toHaveLength(1);
  });

  test.each([
    [429, 'engine-overloaded', 7_000],
    [503, 'engine-overloaded', 7_000],
    [504, 'deadline-exceeded', undefined],
    [500, 'engine-failed', undefined],
    [403, 'request-refused', undefined],
  ])('rejects by the status %i as %s, with the pause it asks for', async (kind, code, retryAfterMs) => {
    peer.fail({ on: ':rawPredict', kind, retryAfter: '7' });
    await expect(client().embed(['a'], soon())).rejects.toMatchObject({ code, retryAfterMs });
    // One call is one attempt.
    expect(seen).toEqual([]);
  });

  test('rejects a lost answer as one that may be asked for again', async () => {
    peer.fail({ on: ':rawPredict', kind: 'lost' });
    const engine = client();
    await expect(engine.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
    expect((await engine.embed(['a'], soon())).revision).toBe('r7');
  });

  test('rejects where nothing is deployed, and where the pod has no account', async () => {
    peer.endpoint.trafficSplit = {};
    await expect(client().embed(['a'], soon())).rejects.toMatchObject({ code: 'request-refused' });
    const none = await listen(createServer((_request, response) => response.writeHead(404).end()));
    const url = address();
    const protocol = vertexProtocol(new URL(url), { token: new GoogleAccessToken(none) });
    const engine = new EngineClient({ url, model: 'm', protocol });
    await expect(engine.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
  });

  test('rejects when the deadline passes, at the endpoint or at the metadata server', async () => {
    const silent = await listen(createServer(() => {}));
    const late = { deadline: Deadline.after(50) };
    const url = address();
    const protocol = vertexProtocol(new URL(url), { token: new GoogleAccessToken(silent) });
    await expect(new EngineClient({ url, model: 'm', protocol }).embed(['a'], late)).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
    peer.container = silent;
    await expect(client().embed(['a'], { deadline: Deadline.after(200) })).rejects.toMatchObject({
      code: 'deadline-exceeded',
    });
  });

  test('rejects a server whose certificate the authority did not sign, before it gets a token', async () => {
    await expect(client(address('other.crt')).embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed' });
    expect(peer.asked).toEqual([]);
  });
});

test.each([
  ['vertex://host/endpoints/1', 'vertex://host/projects/'],
  [`vertex:///${ENDPOINT}`, 'vertex://host/projects/'],
  [`vertex://host/${ENDPOINT}?cert=a`, 'with ca=<file> or api=chat'],
  [`vertex://host/${ENDPOINT}?api=images`, 'with ca=<file> or api=chat'],
  [`vertex://host/${ENDPOINT}?ca=/nowhere/ca.crt`, 'cannot be read from /nowhere/ca.crt'],
  ['ftp://host', 'expected http://host:port'],
  ['embedder:8080', 'expected http://host:port'],
  ['embedder', 'expected http://host:port'],
])('rejects an engine at %s', (url, expected) => {
  expect(() => new EngineClient({ url, model: 'm' })).toThrow(expected);
  expect(() => new EngineClient({ url, model: 'm' })).toThrow('[address-malformed]');
});
