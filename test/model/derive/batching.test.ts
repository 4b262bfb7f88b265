import { expect, test } from '@jest/globals';
import { burnRateAlertsFor } from '../../../model/src/derive/alerts.ts';
import {
  batchTime,
  deviceShareOf,
  engineReplicasFor,
  maxBatchTokensFor,
  maxQueueTokensFor,
  memoryOf,
  requestsInMemoryFor,
  requestsInTimeFor,
} from '../../../model/src/derive/batching.ts';
import { progressDeadlineFor, startupBudgetFor } from '../../../model/src/derive/startup.ts';
import { Bytes, Duration, Rate } from '../../../model/src/units.ts';

const tokenRate = Rate.parse('5120/s');

test('a batch on a CPU has 512 tokens, or one longest input', () => {
  const engine = (maxTokens: number) =>
    ({ accelerator: 'cpu', model: { maxTokens } }) as unknown as Parameters<typeof maxBatchTokensFor>[0];
  expect(maxBatchTokensFor(engine(128))).toBe(512);
  expect(maxBatchTokensFor(engine(1_024))).toBe(1_024);
});

test('512 tokens at 5120/s take 100 ms', () => {
  expect(batchTime(512, { tokenRate }).inSeconds).toBe(0.1);
});

test('5120/s * (1 s - 100 ms) = 4608 tokens can wait and still be in time', () => {
  expect(maxQueueTokensFor(512, { tokenRate, doneWithin: Duration.seconds(1) })).toBe(4_608);
});

test('200 requests of 110 tokens need 22000 / (3500 * 0.7) = 8.98, so 9 replicas', () => {
  expect(engineReplicasFor(200, { tokenRate: Rate.parse('3500/s'), tokensPerRequest: 110 })).toBe(9);
});

test('one may always be lost', () => {
  expect(engineReplicasFor(0.1, { tokenRate, tokensPerRequest: 1 })).toBe(2);
});

test('the alerts of 99.5 % over 30 days burn at 14.4, 6 and 1', () => {
  const alerts = burnRateAlertsFor(0.005, Duration.parse('30 days'));
  expect(alerts.map(({ burnRate, threshold }) => [burnRate, threshold])).toEqual([
    [14.4, 0.072],
    [6, 0.03],
    [1, 0.005],
  ]);
});

// Llama 3.1 8B in 16 bits on one H100: 2 * 32 layers * 8 heads * 128 * 2 bytes = 128 KiB a token.
const llama = {
  task: 'generation',
  model: {
    id: 'llama',
    revision: '1',
    weights: Bytes.parse('16 GB'),
    maxTokens: 8_192,
    cachePerToken: Bytes.parse('128 KiB'),
  },
  accelerator: {
    gpu: 'h100',
    devices: 1,
    nodes: 1,
    sharedBy: 1,
    mig: undefined,
    resource: 'nvidia.com/gpu',
    memory: Bytes.parse('72 GB'),
    sharedMemory: undefined,
  },
  resources: { cpu: 8, memory: Bytes.parse('32 GiB'), ephemeralStorage: Bytes.parse('10 GiB') },
  tokenRate: Rate.parse('4000/s'),
  tokensPerRequest: 1_000,
  doneWithin: Duration.seconds(30),
} as const;

test('4000 tokens/s carry 120 requests of 1000 tokens within 30 s', () => {
  expect(requestsInTimeFor(llama)).toBe(120);
});

test('(72 GB - 16 GB * 1.2) / (128 KiB * 1000) leave room for 402 requests of 1000 tokens', () => {
  expect(requestsInMemoryFor(llama.model.cachePerToken, llama)).toBe(402);
});

test('one longest request has to fit beside the weights: 16 GB * 1.2 + 8192 * 128 KiB', () => {
  expect(memoryOf(llama).needed.bytes).toBe(16e9 * 1.2 + 8_192 * 131_072);
  expect(memoryOf(llama).available).toEqual(llama.accelerator.memory);
});

test('a language model reads 8192 tokens in one pass however long a prompt may be', () => {
  expect(maxBatchTokensFor(llama)).toBe(8_192);
});

test('four that share a device fill 0.225 of it each', () => {
  expect(deviceShareOf({ sharedBy: 4 })).toBe(0.225);
});

test('a rollout may stand for twice the node, the image and the model, 10 minutes at least', () => {
  expect(progressDeadlineFor(Duration.seconds(600), Duration.seconds(120)).inSeconds).toBe(1_440);
  expect(progressDeadlineFor(Duration.seconds(30), Duration.seconds(30)).inSeconds).toBe(600);
  expect(startupBudgetFor(Duration.parse('1.2 seconds')).inSeconds).toBe(3);
});
