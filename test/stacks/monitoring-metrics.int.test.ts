import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTelemetry, startWorker } from '@penstock/kit';
import { encodeProfile, engineProfile, PROFILE_VARIABLE, workerProfile } from '@penstock/model';
import { pino } from 'pino';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../stacks/platform.ts';
import { FakeQueue } from '../services/kit/fake-queue.ts';

// The rules and the dashboard name metrics and labels of the services: here both services are scraped as Prometheus
// would, and what the rules name has to be among what they say.

const ENGINE_MAIN = fileURLToPath(new URL('../../services/inference-engine/src/main.ts', import.meta.url));
const queueProfile = workerProfile(platform, 'classify').queue;

let engine: ChildProcess;
let scraped: string;

beforeAll(async () => {
  scraped = `${await scrapeWorker()}\n${await scrapeEngine()}`;
}, 60_000);

afterAll(async () => {
  const gone = new Promise((resolve) => engine.once('close', resolve));
  engine.kill('SIGKILL');
  await gone;
});

/** A worker on the profile that is deployed, after one item of each outcome. */
async function scrapeWorker(): Promise<string> {
  const telemetry = await startTelemetry({ service: 'mail-classifier', instance: 'classify' });
  const server = createServer(telemetry.handleMetrics);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const queue = new FakeQueue(queueProfile);
  const worker = startWorker({
    profile: { id: 'classify', concurrency: 1, prefetch: 1, drainMs: 0 },
    queue,
    log: pino({ level: 'silent' }),
    handler: async ({ id }) => {
      if (id === 'bad') throw Object.assign(new Error('cannot be read'), { retryable: false });
    },
  });
  const leases = queue.deliver(['good', 'bad']);
  await Promise.all(leases.map(({ settled }) => settled));
  await worker.drain();
  const text = await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).text();
  await telemetry.shutdown();
  server.close();
  server.closeAllConnections();
  return text;
}

/** The engine as its image starts it, with the model that needs no files, after one request. */
async function scrapeEngine(): Promise<string> {
  engine = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ENGINE_MAIN], {
    env: {
      PATH: process.env['PATH'],
      [PROFILE_VARIABLE]: encodeProfile(engineProfile(platform, 'embedder')),
      PENSTOCK_HOST: '127.0.0.1',
      PENSTOCK_HTTP_PORT: '0',
      PENSTOCK_OPS_PORT: '0',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { http, ops } = await new Promise<{ http: number; ops: number }>((resolve, reject) => {
    engine.on('message', (message) => resolve(message as { http: number; ops: number }));
    engine.on('exit', (code) => reject(new Error(`the engine ended with ${code}`)));
  });
  const response = await fetch(`http://127.0.0.1:${http}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: platform.engines.embedder.model.id, input: ['a text'] }),
  });
  expect(response.status).toBe(200);
  return (await fetch(`http://127.0.0.1:${ops}/metrics`)).text();
}

const manifests = synthesizeKubernetes(platform, environments.prod);
const monitoring = manifests.filter(({ kind }) => kind === 'PrometheusRule' || kind === 'ConfigMap');
/** Every selector of a rule or a panel: the metric and its matchers. */
const selectors = monitoring.flatMap((manifest) =>
  [...JSON.stringify(manifest).matchAll(/\b((?:penstock|messaging)_[a-z_]+)\{(.*?)\}/g)].map(
    ([, metric, matchers]) => ({
      metric: metric as string,
      matchers: (matchers as string).replaceAll(/\\+"/g, '"'),
    }),
  ),
);

test('every metric that a rule or a panel names is one that a running service emits', () => {
  const emitted = new Set([...scraped.matchAll(/^([a-z_]+)\{/gm)].map(([, name]) => name));
  const named = [...new Set(selectors.map(({ metric }) => metric))];
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((name) => !emitted.has(name))).toEqual([]);
});

test('every label that a rule or a panel asks for is on the metric, or put there by the scrape', () => {
  const byScrape = ['namespace', 'pod', 'app_kubernetes_io_name'];
  const missing = selectors.flatMap(({ metric, matchers }) => {
    const labels = [...matchers.matchAll(/([a-z_]+)=~?"/g)].map(([, label]) => label as string);
    const samples = scraped.split('\n').filter((line) => line.startsWith(`${metric}{`));
    return labels
      .filter((label) => !byScrape.includes(label) && !samples.some((sample) => sample.includes(`${label}="`)))
      .map((label) => `${metric}: ${label}`);
  });
  expect(missing).toEqual([]);
});

test('the promise of the queue is a bound of the latency that the worker counts', () => {
  const bound = `le="${queueProfile.doneWithinMs / 1_000}"`;
  expect(
    scraped.split('\n').some((line) => line.startsWith('penstock_queue_latency_bucket') && line.includes(bound)),
  ).toBe(true);
});

test('outcomes and states are spelt as the rules spell them', () => {
  for (const label of ['outcome="done"', 'outcome="dead-lettered"', 'state="deadLettered"', 'state="ready"'])
    expect(scraped).toContain(label);
});
