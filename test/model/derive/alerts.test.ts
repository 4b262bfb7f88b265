import { describe, expect, test } from '@jest/globals';
import {
  declareInferenceEngine,
  declareWorker,
  defineTopology,
  engineAlerts,
  queueAlerts,
  type ResolvedInferenceEngine,
  type TopicSpec,
  topicAlerts,
} from '@penstock/model';

// Worked by hand from the declaration below.

const topology = defineTopology({
  name: 'shop',
  queues: { mails: { arrivalRate: '10/s', peakRate: '28/s', doneWithin: '2 minutes' } },
  engines: {
    embedder: {
      service: declareInferenceEngine({ name: 'engine', tasks: ['embedding'] }),
      task: 'embedding',
      model: { id: 'm', revision: '1', weights: '1 MB', dimensions: 1, maxTokens: 100 },
      tokenRate: '4000/s',
      tokensPerRequest: 100,
      doneWithin: '1 second',
      loadTime: '10 seconds',
      pinned: { replicas: 2 },
    },
  },
  workers: {
    classify: {
      service: declareWorker({ name: 'worker', payload: 'p', calls: ['role'] }),
      queue: 'mails',
      workTime: { mean: '500 milliseconds', p99: '20 seconds' },
      itemsAtOnce: 2,
      calls: { role: { engine: 'embedder' } },
    },
  },
  objectives: { 'in-time': { queue: 'mails', target: '99.9%' } },
});

describe('the alerts of an objective', () => {
  test('burn 2, 5 and 10 % of a 30-day budget in their long windows', () => {
    const { errorBudget, alerts } = topology.objectives['in-time'] ?? { errorBudget: 0, alerts: [] };
    expect(errorBudget).toBeCloseTo(0.001);
    expect(alerts.map(({ burnRate }) => burnRate)).toEqual([14.4, 6, 1]);
    for (const { longWindow, shortWindow } of alerts)
      expect(longWindow.microseconds / shortWindow.microseconds).toBe(12);
  });
});

describe('the alerts of a queue', () => {
  const { classify } = topology.workers;
  const limits = queueAlerts(topology.queues.mails, classify);

  test('allow the lag that all replicas get through before the newest item is late', () => {
    // 14 items at once at peak, at most 70 % busy: 20 slots, 10 replicas of 2. 100 s of slack are 200 rounds of 0.5 s.
    expect([classify.maxReplicas, classify.concurrency]).toEqual([10, 2]);
    expect(limits.lagLimit).toBe(20 + 20 * 200);
  });

  test('hold for as long as the scaler takes to react: a look of 15 s and a cold start of 30 s, a minute at least', () => {
    expect([limits.lagFor.inSeconds, limits.startFor.inSeconds]).toEqual([60, 90]);
  });

  test('have the promise as the age that no item may reach', () => {
    expect(limits.ageLimit).toBe(topology.queues.mails.doneWithin);
  });
});

describe('the alerts of an engine', () => {
  const limits = engineAlerts(topology.engines.embedder as ResolvedInferenceEngine);

  test('ask of each replica its part of the peak: 28 requests of 100 tokens over two', () => {
    expect(limits.tokenRateFloor).toBe(1_400);
  });

  test('allow a batch half of the promise, and the first token all of it', () => {
    expect([limits.batchLimit.inSeconds, limits.firstTokenLimit.inSeconds]).toEqual([0.5, 1]);
  });

  test('speak before requests are refused, and not before a start may have ended', () => {
    expect(limits.queueLimit).toBeLessThan(topology.engines.embedder.maxQueueTokens);
    expect(limits.missingFor.inSeconds).toBe(60);
    // 2 * 4000 / 100 requests a second, each within 1 s.
    expect(limits.backlogLimit).toBe(80);
  });
});

describe('the alerts of a consumer of a topic', () => {
  /** 100/s at peak: 30 partitions, and 300/s by 30 members of 100 ms an event. */
  const alertsOf = (change: Partial<TopicSpec> = {}, p99: '1 second' | '5 minutes' = '1 second') => {
    const workTime = { mean: '100 milliseconds', p99 } as const;
    const { topics } = defineTopology({
      name: 'shop',
      queues: {},
      workers: {},
      topics: { orders: { arrivalRate: '50/s', consumers: { bill: { workTime } }, ...change } },
    });
    const [consumer] = topics.orders.consumers;
    if (consumer === undefined) throw new Error('no consumer');
    return topicAlerts(topics.orders, consumer);
  };

  test('allow as much lag as the whole group makes up for in an hour beside what arrives', () => {
    expect(alertsOf().lagLimit).toBe((300 - 50) * 3_600);
  });

  test('allow no more lag than arrives in half the retention: what is not read by its end is deleted', () => {
    expect(alertsOf({ retention: '2 hours' }).lagLimit).toBe(50 * 3_600);
  });

  test('allow no lag to a group that has nothing to spare', () => {
    const workTime = { mean: '100 milliseconds', p99: '1 second' } as const;
    expect(alertsOf({ consumers: { bill: { workTime, pinned: { maxReplicas: 5 } } } }).lagLimit).toBe(0);
  });

  test('wait for a quarter of an hour before a group counts as stuck, or for ten of its slowest events', () => {
    expect(alertsOf().stuckFor.inSeconds).toBe(900);
    expect(alertsOf({}, '5 minutes').stuckFor.inSeconds).toBe(3_000);
  });
});
