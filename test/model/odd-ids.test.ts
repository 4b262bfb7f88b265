import { describe, expect, test } from '@jest/globals';
import { declareWorker, defineTopology, encodeProfile, ModelError, parseProfile, workerProfile } from '@penstock/model';

// What every object inherits must never be taken for something that was declared.

const service = declareWorker({ name: 'w', payload: 'p', calls: [] });
const queue = { arrivalRate: '1/s', doneWithin: '1 minute' } as const;
const worker = (from: string) => ({
  service,
  queue: from,
  workTime: { mean: '1 second', p99: '2 seconds' },
});

const codesOf = (declaration: unknown): readonly string[] => {
  try {
    defineTopology(declaration as Parameters<typeof defineTopology>[0]);
    return [];
  } catch (error) {
    if (!ModelError.is(error)) throw error;
    return error.violations.map(({ code, path }) => `${code} ${path}`);
  }
};

describe('ids that every object has', () => {
  test.each(['constructor', 'valueof'])('%s is an id like any other', (id) => {
    const topology = defineTopology({ name: 'any', queues: { [id]: queue }, workers: { [id]: worker(id) } } as never);
    const profile = workerProfile(topology, id as never);
    expect(profile.queue.id).toBe(id);
    expect(parseProfile(encodeProfile(profile), service)).toEqual(profile);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    'rejects a worker of the queue %s, which nobody declared',
    (id) => {
      expect(codesOf({ name: 'any', queues: { q: queue }, workers: { w: worker(id) } })).toEqual([
        'reference-unknown workers.w.queue',
        'queue-unconsumed queues.q',
      ]);
    },
  );

  test('rejects an own key __proto__ as it comes from JSON', () => {
    const declaration = JSON.parse(
      JSON.stringify({ name: 'any', queues: { q: queue }, workers: { w: worker('q') } }).replace(
        '"q":',
        '"__proto__":',
      ),
    ) as unknown;
    expect(codesOf(declaration)).toContainEqual(expect.stringMatching(/^name-illegal queues\.__proto__$/));
  });
});
