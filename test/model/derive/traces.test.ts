import { describe, expect, test } from '@jest/globals';
import {
  declareHttpService,
  declareInferenceEngine,
  declareWorker,
  defineTopology,
  Rate,
  traceLoad,
} from '@penstock/model';

// Worked by hand from the declaration below.

const declared = (peakRate: `${number}/s`) =>
  defineTopology({
    name: 'shop',
    queues: { mails: { arrivalRate: '10/s', peakRate, doneWithin: '2 minutes' } },
    engines: {
      embedder: {
        service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
        task: 'embedding',
        model: { id: 'm', revision: '1', weights: '1 MB', dimensions: 1, maxTokens: 100 },
        tokenRate: '40000/s',
        tokensPerRequest: 100,
        doneWithin: '1 second',
      },
    },
    workers: {
      classify: {
        service: declareWorker({ name: 'worker', payload: 'p', calls: ['role'] }),
        queue: 'mails',
        workTime: { mean: '500 milliseconds', p99: '4 seconds' },
        calls: { role: { engine: 'embedder' } },
      },
    },
    httpServices: {
      front: {
        service: declareHttpService({ name: 'front', calls: [], publishes: {} }),
        arrivalRate: '20/s',
        requestTime: { mean: '10 milliseconds', p99: '50 milliseconds' },
        requestsAtOnce: 8,
        doneWithin: '1 second',
      },
    },
  });

describe('what is recorded of a platform', () => {
  const load = traceLoad(declared('30/s'), Rate.parse('4/s'));

  test('is four spans of each item, two of each call and of each request, at the peak', () => {
    expect(load.spansPerSecond).toBe(4 * 30 + 2 * 30 + 2 * 40);
    expect(load.tracesPerSecond).toBe(2 * 30 + 40);
  });

  test('is kept by the share that comes to what may be kept at the mean rates, and whole where that is more', () => {
    expect(load.keptShare).toBe(4 / (2 * 10 + 20));
    expect(traceLoad(declared('30/s'), Rate.parse('100/s')).keptShare).toBe(1);
  });

  test('is slow above the p99 that each workload declares', () => {
    expect(load.slow.map(({ workload, above }) => `${workload} ${above}`)).toEqual([
      'classify 4 seconds',
      'front 50 milliseconds',
    ]);
  });

  test('is decided about after twice the longest p99 and what services hold back, or soon after its root', () => {
    expect(`${load.decisionWait}, ${load.settleTime}`).toBe('10 seconds, 2 seconds');
  });
});

describe('a collector', () => {
  test('has room for all spans of a decision and of half a minute without its back end, with one replica lost', () => {
    const { replicas, tracesHeld, spansRouted, spansQueued, resources } = traceLoad(
      declared('30/s'),
      Rate.parse('4/s'),
    );
    expect([replicas, tracesHeld, spansRouted, spansQueued]).toEqual([2, 100 * 10, 260 * 10, 260 * 30]);
    // (128 MiB + 2 * 2 KiB * 260 * (10 + 10 + 30)) / 0.8 = 223.5 MiB.
    expect(String(resources.memory)).toBe('256 MiB');
    expect(resources.cpu).toBe(0.1);
  });

  test('has a replica for each ten thousand spans a second, and one that may be lost', () => {
    const { spansPerSecond, replicas, resources } = traceLoad(declared('4000/s'), Rate.parse('4/s'));
    expect([spansPerSecond, replicas]).toEqual([24_080, 4]);
    expect(resources.cpu).toBe(0.9);
  });
});
