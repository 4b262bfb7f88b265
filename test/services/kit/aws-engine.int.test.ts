import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Deadline, EngineClient } from '@penstock/kit';
import type { AwsProtocolOptions } from '../../../services/kit/src/engines/aws-front-door.ts';
import type { AwsCredentials } from '../../../services/kit/src/engines/aws-signature.ts';
import { bedrockProtocol } from '../../../services/kit/src/engines/bedrock.ts';
import { PodIdentity } from '../../../services/kit/src/engines/pod-identity.ts';
import { sagemakerProtocol } from '../../../services/kit/src/engines/sagemaker.ts';
import { AwsRuntimePeer, REGION } from '../../helpers/aws-runtime-peer.ts';
import { AwsSigner } from '../../helpers/aws-signature.ts';
import { makeAuthority, makeCertificate, opensslRequirement } from '../../helpers/certificates.ts';
import { motoRequirement } from '../../helpers/moto-server.ts';
import { describeWith } from '../../helpers/requirement.ts';

const MODEL = 'embedder-7';
const TITAN = 'amazon.titan-embed-text-v2:0';
const COHERE = 'eu.cohere.embed-v4:0';
const soon = () => ({ deadline: Deadline.after(30_000) });

interface Keys {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
}
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
const keysOf = (id: string, minutes = 360): Keys => ({
  AccessKeyId: id,
  SecretAccessKey: `secret/of+${id}`,
  Token: `token//of+${id}==`,
  Expiration: inMinutes(minutes),
});

/** A server of the OpenAI API in the container behind SageMaker: of each text its length. */
async function answer(request: IncomingMessage, response: ServerResponse, told: URLSearchParams[]) {
  told.push(new URLSearchParams(request.headers['x-amzn-sagemaker-custom-attributes'] as string));
  const { model, input } = (await json(request)) as { readonly model: string; readonly input: readonly string[] };
  if (model !== MODEL) return response.writeHead(400).end(`${model} is not here`);
  const data = input.map(({ length }, index) => ({ index, embedding: [length] }));
  return response.end(JSON.stringify({ system_fingerprint: '7', data }));
}

describeWith(opensslRequirement(), 'an engine that Amazon serves', () => {
  describeWith(motoRequirement(), 'to callers whose signatures its own client computes anew', () => {
    let folder: string;
    let signer: AwsSigner;
    let peer: AwsRuntimePeer;
    /** What the container is told beside the body. */
    let told: URLSearchParams[];
    const servers: Server[] = [];
    /** In the order in which the agent hands them out; the last ones again and again. */
    let handed: Keys[];
    let asked: unknown[];
    let options: AwsProtocolOptions;
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');

    const listen = async (server: Server): Promise<string> => {
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const identity = (agent: string) => new PodIdentity({ agent, tokenFile: join(folder, 'token') });

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'aws-engine-'));
      makeAuthority(folder, 'front');
      makeCertificate(folder, 'front', ['localhost'], 1);
      makeAuthority(folder, 'other');
      signer = new AwsSigner();
    });

    afterAll(async () => {
      await signer[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    });

    beforeEach(async () => {
      writeFileSync(join(folder, 'token'), 'token-of-the-pod');
      peer = await AwsRuntimePeer.start(signer, { cert: read('tls.crt'), key: read('tls.key') });
      handed = [keysOf('ASIAONE')];
      for (const id of ['ASIAONE', 'ASIATWO'])
        peer.keys.set(id, {
          accessKeyId: id,
          secretAccessKey: keysOf(id).SecretAccessKey,
          sessionToken: keysOf(id).Token,
        });
      told = [];
      peer.container = await listen(createServer((request, response) => void answer(request, response, told)));
      asked = [];
      const agent = await listen(
        createServer((request, response) => {
          asked.push(request.headers.authorization);
          response.end(JSON.stringify(handed[Math.min(asked.length, handed.length) - 1]));
        }),
      );
      options = { credentials: identity(`${agent}/v1/credentials`), authority: read('front.crt') };
    });

    afterEach(async () => {
      await peer.stop();
      for (const server of servers.splice(0)) {
        server.close();
        server.closeAllConnections();
      }
    });

    const endpoint = (query = '') => `sagemaker://${peer.host}/regions/${REGION}/endpoints/post-prod-embedder${query}`;
    const onSageMaker = (url = endpoint(), own: AwsProtocolOptions = {}) =>
      new EngineClient({ url, model: MODEL, protocol: sagemakerProtocol(new URL(url), { ...options, ...own }) });
    const place = (model: string, query = '') => `bedrock://${peer.host}/regions/${REGION}/models/${model}${query}`;
    const onBedrock = (model: string, query = '') => {
      const url = place(model, query);
      return new EngineClient({ url, model: 'm', protocol: bedrockProtocol(new URL(url), options) });
    };

    test('is asked by SageMaker with the keys of the pod, and answers through its container', async () => {
      const { vectors, revision } = await onSageMaker().embed(['two words'], soon());
      expect(vectors.map((vector) => [...vector])).toEqual([[9]]);
      // Of headers only SageMaker's own come back; the body says it too.
      expect(revision).toBe('7');
      expect(peer.asked.map(({ path }) => path)).toEqual(['/endpoints/post-prod-embedder/invocations']);
      expect(asked).toEqual(['token-of-the-pod']);
    });

    test('is told how long it has, in the one header that SageMaker hands on', async () => {
      await onSageMaker().embed(['a'], { deadline: Deadline.after(20_000) });
      const left = Number(told[0]?.get('x-request-deadline-ms'));
      expect(left).toBeGreaterThan(10_000);
      expect(left).toBeLessThanOrEqual(20_000);
    });

    test('is asked at its copies where it has such', async () => {
      await onSageMaker(endpoint('?component=post-prod-embedder')).embed(['a'], soon());
      expect(peer.asked[0]?.headers).toMatchObject({ 'x-amzn-sagemaker-inference-component': 'post-prod-embedder' });
    });

    test('costs one question to the agent, also by many callers at once', async () => {
      const engine = onSageMaker();
      await Promise.all([engine.embed(['a'], soon()), engine.embed(['b'], soon())]);
      await engine.embed(['c'], soon());
      expect(asked).toHaveLength(1);
    });

    test('is asked with new keys when the old ones are about to end, by the token as it is then', async () => {
      handed = [keysOf('ASIAONE', 4), keysOf('ASIATWO')];
      const engine = onSageMaker();
      await engine.embed(['a'], soon());
      writeFileSync(join(folder, 'token'), 'a-later-token');
      for (const text of ['b', 'c']) await engine.embed([text], soon());
      expect(asked).toEqual(['token-of-the-pod', 'a-later-token']);
    });

    test('is asked once more where keys are refused, and no third time', async () => {
      handed = [keysOf('ASIAONE'), keysOf('ASIATWO')];
      peer.expired = 'ASIAONE';
      await onSageMaker().embed(['a'], soon());
      expect(asked).toHaveLength(2);
      peer.keys.clear();
      await expect(onSageMaker().embed(['a'], soon())).rejects.toMatchObject({ code: 'request-refused' });
      expect(asked).toHaveLength(3);
    });

    test('is not asked twice for a right that is missing, nor for a wrong signature', async () => {
      peer.refuse({ status: 403, type: 'AccessDeniedException' });
      await expect(onSageMaker().embed(['a'], soon())).rejects.toMatchObject({ code: 'request-refused' });
      peer.keys.set('ASIAONE', {
        ...(peer.keys.get('ASIAONE') as AwsCredentials),
        secretAccessKey: 'of somebody else',
      });
      await expect(onSageMaker().embed(['a'], soon())).rejects.toThrow('InvalidSignatureException');
      expect(asked).toHaveLength(1);
      expect(peer.asked).toHaveLength(1);
    });

    const wrapped = (status: number) => ({
      status: 424,
      type: 'ModelError',
      body: { Message: 'from primary', OriginalStatusCode: status, OriginalMessage: 'no' },
    });
    const WITHOUT_COPIES = { message: 'Inference Component has no capacity to process this request.' };
    test.each([
      ['a container that is full', wrapped(429), 'engine-overloaded', true],
      ['a container that is too late', wrapped(504), 'deadline-exceeded', true],
      ['a container that does not answer within the minute', wrapped(0), 'deadline-exceeded', true],
      ['a container that failed', wrapped(500), 'engine-failed', true],
      ['a container that refuses', wrapped(400), 'request-refused', false],
      ['no copy yet', { status: 400, type: 'ValidationError', body: WITHOUT_COPIES }, 'engine-overloaded', true],
      ['a model that is not loaded', { status: 429, type: 'ModelNotReadyException' }, 'engine-overloaded', true],
      ['too many requests', { status: 400, type: 'ThrottlingException' }, 'engine-overloaded', true],
      ['a service that is away', { status: 503, type: 'ServiceUnavailable' }, 'engine-overloaded', true],
      ['a fault inside', { status: 530, type: 'InternalDependencyException' }, 'engine-failed', true],
      ['a request that is wrong', { status: 400, type: 'ValidationError' }, 'request-refused', false],
      ['a model that is too late', { status: 408, type: 'ModelTimeoutException' }, 'deadline-exceeded', true],
    ])('rejects %s as its client would know it from a server', async (_title, refusal, code, retryable) => {
      peer.refuse(refusal);
      await expect(onSageMaker().embed(['a'], soon())).rejects.toMatchObject({ code, retryable });
      // One call is one attempt.
      expect(peer.asked).toHaveLength(1);
    });

    test('rejects what its container refuses, in the words of that', async () => {
      const url = endpoint();
      const protocol = sagemakerProtocol(new URL(url), options);
      const engine = new EngineClient({ url, model: 'another', protocol });
      await expect(engine.embed(['a'], soon())).rejects.toThrow(/answered 400: another is not here/);
    });

    test('rejects when the deadline passes, at the endpoint or at the agent', async () => {
      const silent = await listen(createServer(() => {}));
      const late = { deadline: Deadline.after(100) };
      const unheard = onSageMaker(endpoint(), { credentials: identity(silent) });
      await expect(unheard.embed(['a'], late)).rejects.toMatchObject({ code: 'deadline-exceeded' });
      peer.container = silent;
      const unanswered = onSageMaker().embed(['a'], { deadline: Deadline.after(500) });
      await expect(unanswered).rejects.toMatchObject({ code: 'deadline-exceeded' });
    });

    test('rejects where the pod has no role, and where nobody wrote it a token', async () => {
      const none = await listen(createServer((_request, response) => response.writeHead(404).end()));
      const nobody = onSageMaker(endpoint(), { credentials: identity(none) });
      await expect(nobody.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
      rmSync(join(folder, 'token'));
      await expect(onSageMaker().embed(['a'], soon())).rejects.toThrow('the token of the pod cannot be read');
    });

    test('rejects a server whose certificate nobody signed whom it trusts, before it gets a signature', async () => {
      const engine = onSageMaker(endpoint(), { authority: read('other.crt') });
      await expect(engine.embed(['a'], soon())).rejects.toMatchObject({ code: 'engine-failed' });
      expect(peer.asked).toEqual([]);
    });

    describe('of Bedrock', () => {
      beforeEach(() => {
        peer.models.set(TITAN, ({ inputText }: { readonly inputText: string }) => ({ embedding: [inputText.length] }));
        peer.models.set(COHERE, ({ texts }: { readonly texts: readonly string[] }) => ({
          embeddings: { float: texts.map(({ length }) => [length]) },
        }));
        peer.models.set('openai.gpt-oss-20b-1:0', (body: object) => body);
      });

      test.each([
        ['one text a call', TITAN, 3],
        ['96 texts a call', COHERE, 1],
      ])('embeds with a model that takes %s, in the order of the texts', async (_title, model, calls) => {
        const { vectors, revision } = await onBedrock(model).embed(['a', 'bb', 'ccc'], soon());
        expect(vectors.map((vector) => [...vector])).toEqual([[1], [2], [3]]);
        expect(revision).toBe(model);
        expect(peer.asked).toHaveLength(calls);
        expect(peer.asked[0]?.path).toBe(`/model/${encodeURIComponent(model)}/invoke`);
      });

      test('embeds more texts than a call takes by as many calls as they fill', async () => {
        const texts = Array.from({ length: 200 }, (_, n) => 'x'.repeat(n + 1));
        const { vectors } = await onBedrock(COHERE).embed(texts, soon());
        expect(vectors.map(([length]) => length)).toEqual(texts.map(({ length }) => length));
        expect(peer.asked).toHaveLength(3);
      });

      test('rejects all of a batch with the one call that was refused', async () => {
        peer.refuse({ status: 429, type: 'ThrottlingException' });
        await expect(onBedrock(TITAN).embed(['a', 'b'], soon())).rejects.toMatchObject({ code: 'engine-overloaded' });
      });

      test('is asked through its guardrail, which is signed', async () => {
        await onBedrock(TITAN, '?guardrail=g1&version=2').embed(['a'], soon());
        const { headers } = peer.asked[0] as (typeof peer.asked)[number];
        expect(headers).toMatchObject({
          'x-amzn-bedrock-guardrailidentifier': 'g1',
          'x-amzn-bedrock-guardrailversion': '2',
        });
        expect(headers['authorization']).toContain(';x-amzn-bedrock-guardrailidentifier;');
      });

      test('chats by the API that it has for that, as the model that its address names', async () => {
        const protocol = bedrockProtocol(new URL(place('openai.gpt-oss-20b-1:0')), options);
        const call = { body: '{"model":"chat","messages":[]}', headers: {}, signal: AbortSignal.timeout(30_000) };
        const answer = await protocol.send({ ...call, route: '/v1/chat/completions' });
        expect(await answer.json()).toEqual({ model: 'openai.gpt-oss-20b-1:0', messages: [] });
        expect(peer.asked[0]?.path).toBe('/openai/v1/chat/completions');
        await expect(protocol.send({ ...call, route: '/v1/rerank' })).rejects.toThrow('[request-refused]');
      });

      test('rejects embeddings of a model for something else, before it is asked', async () => {
        await expect(onBedrock('anthropic.claude-v4:0').embed(['a'], soon())).rejects.toThrow('[request-refused]');
        expect(peer.asked).toEqual([]);
      });
    });
  });
});

describe('an engine that Amazon serves', () => {
  const HOST = `runtime.sagemaker.${REGION}.amazonaws.com`;
  test.each([
    [`sagemaker://${HOST}/endpoints/e`, 'expected sagemaker://host/regions/<r>/endpoints/<e>'],
    [`sagemaker:///regions/${REGION}/endpoints/e`, 'expected sagemaker://host'],
    [`sagemaker://${HOST}/regions/${REGION}/endpoints/e?copy=1`, 'with component=<name>'],
    [`bedrock://${HOST}/regions/${REGION}`, 'expected bedrock://host/regions/<r>/models/<m>'],
    [`bedrock://${HOST}/regions/${REGION}/models/m?guardrail=g`, 'with guardrail=<id> and version=<v>'],
    [`bedrock://${HOST}/regions/${REGION}/models/m?ca=a`, 'with guardrail=<id>'],
  ])('rejects an address such as %s', (url, expected) => {
    expect(() => new EngineClient({ url, model: 'm' })).toThrow(expected);
    expect(() => new EngineClient({ url, model: 'm' })).toThrow('[address-malformed]');
  });
});
