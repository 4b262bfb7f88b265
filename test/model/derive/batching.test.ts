import { expect, test } from '@jest/globals';
import { burnRateAlertsFor } from '../../../model/src/derive/alerts.ts';
import {
  batchTime,
  engineReplicasFor,
  maxBatchTokensFor,
  maxQueueTokensFor,
} from '../../../model/src/derive/batching.ts';
import { Duration, Rate } from '../../../model/src/units.ts';

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
