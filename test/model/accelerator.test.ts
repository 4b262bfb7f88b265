import { describe, expect, test } from '@jest/globals';
import { defineTopology, describeAccelerator, type InferenceEngineSpec, ModelError, vllm } from '@penstock/model';

const chat = {
  service: vllm,
  task: 'generation',
  model: { id: 'llama-8b', revision: 'a1', weights: '16 GB', maxTokens: 8_192, cachePerToken: '128 KiB' },
  tokenRate: '4000/s',
  tokensPerRequest: 1_000,
  doneWithin: '30 seconds',
  resources: { memory: '64 GiB' },
} as const;

const engineOn = (accelerator: InferenceEngineSpec['accelerator'] & object) =>
  defineTopology({ name: 'chat', queues: {}, engines: { chat: { ...chat, accelerator } }, workers: {} }).engines.chat;

const violationsOf = (accelerator: unknown, change: object = {}) => {
  try {
    const engine = { ...chat, ...change, accelerator } as InferenceEngineSpec;
    defineTopology({ name: 'chat', queues: {}, engines: { chat: engine }, workers: {} });
  } catch (error) {
    if (ModelError.is(error)) return error.violations.map(({ code, path }) => [code, path]);
    throw error;
  }
  return [];
};

describe('what an engine computes on', () => {
  test.each([
    [{ gpu: 'h100' }, 'h100', 72e9],
    [{ gpu: 'h100', devices: 8 }, '8 h100', 576e9],
    [{ gpu: 'h100', devices: 8, nodes: 2 }, '8 h100 on each of 2 nodes', 1_152e9],
    [{ gpu: 'h100', sharedBy: 2 }, 'h100 shared by 2', 36e9],
    [{ gpu: 'h100', mig: '3g.40gb' }, '3g.40gb of h100', 36e9],
  ] as const)('is %j, in words %s', (accelerator, words, bytes) => {
    const resolved = engineOn(accelerator).accelerator;
    expect(describeAccelerator(resolved)).toBe(words);
    expect(resolved).toMatchObject({ memory: { bytes } });
  });

  test('is multiplied for callers that are not declared: 10/s * 1000 tokens need 10000 / (4000 * 0.7), so 4 replicas', () => {
    const engines = { chat: { ...chat, accelerator: 'h100', otherRequests: '10/s' } } as const;
    expect(defineTopology({ name: 'chat', queues: {}, engines, workers: {} }).engines.chat).toMatchObject({
      peakRequests: 10,
      replicas: 4,
    });
  });

  test('shares 2 GiB of memory a device between the processes of one pod, and nothing where there is one device', () => {
    expect(engineOn({ gpu: 'h100', devices: 4 }).accelerator).toMatchObject({ sharedMemory: { bytes: 8 * 2 ** 30 } });
    expect(engineOn({ gpu: 'h100' }).accelerator).toMatchObject({ sharedMemory: undefined });
  });

  test('works on as many requests as are done in time, or as fit into memory where those are fewer', () => {
    expect(engineOn({ gpu: 'h100' })).toMatchObject({ maxRequests: 120, maxQueueTokens: 1_000 });
    // Half of one leaves (36 - 19.2) GB for keys and values, room for 128.
    expect(engineOn({ gpu: 'h100', sharedBy: 2 })).toMatchObject({ maxRequests: 120 });
    // (21.6 - 19.2) GB: room for 18.
    expect(engineOn({ gpu: 'l4' })).toMatchObject({ maxRequests: 18, maxQueueTokens: 102_000 });
  });

  test.each([
    ['a class that is not known', 'h1000', [['choice-unknown', 'engines.chat.accelerator']]],
    ['no class', { devices: 2 }, [['field-missing', 'engines.chat.accelerator.gpu']]],
    ['half a device', { gpu: 'h100', devices: 0.5 }, [['value-out-of-range', 'engines.chat.accelerator.devices']]],
    [
      'more devices than a machine has',
      { gpu: 'h100', devices: 17 },
      [['value-out-of-range', 'engines.chat.accelerator.devices']],
    ],
    [
      'sharing with nobody',
      { gpu: 'h100', sharedBy: 1 },
      [['value-out-of-range', 'engines.chat.accelerator.sharedBy']],
    ],
    [
      'sharing several',
      { gpu: 'h100', sharedBy: 2, devices: 2 },
      [['field-unknown', 'engines.chat.accelerator.devices']],
    ],
    [
      'a device that the model does not fit on',
      { gpu: 'h100', sharedBy: 4 },
      [['memory-exceeded', 'engines.chat.accelerator']],
    ],
  ])('rejects %s', (_, accelerator, expected) => {
    expect(violationsOf(accelerator)).toEqual(expected);
  });

  test('rejects less memory than twice what its devices talk over', () => {
    expect(violationsOf({ gpu: 'h100', devices: 8 }, { resources: { memory: '24 GiB' } })).toEqual([
      ['memory-exceeded', 'engines.chat.resources.memory'],
    ]);
  });

  test('rejects an answer that takes longer alone than is promised', () => {
    expect(violationsOf('h100', { tokenRate: '20/s' })).toEqual([['deadline-unreachable', 'engines.chat.doneWithin']]);
  });
});
