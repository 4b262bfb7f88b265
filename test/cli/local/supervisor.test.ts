import { expect, test } from '@jest/globals';
import { ArrivalMeter, carriedBy } from '../../../cli/local/supervisor.ts';

const second = (n: number): number => n * 1_000;

test('a rate of arrival is the growth within two minutes, over two minutes', () => {
  const meter = new ArrivalMeter({ at: second(0), arrived: 100 });
  expect(meter.rate(second(1), 220)).toBe(1);
  expect(meter.rate(second(60), 340)).toBe(2);
  // The 240 of the first minute leave the window one after the other.
  expect(meter.rate(second(121), 340)).toBe(1);
  expect(meter.rate(second(200), 340)).toBe(0);
});

test('one that begins late counts what it sees grow, and what it does not see is not nothing', () => {
  const meter = new ArrivalMeter(undefined);
  expect(meter.rate(second(0), 5_000)).toBe(0);
  expect(meter.rate(second(1), undefined)).toBeUndefined();
  expect(meter.rate(second(2), 5_060)).toBe(0.5);
});

test.each([
  [9, 9, 1],
  [9, 4, 2],
  [3, 1, 3],
  // It has to work, if slowly.
  [2, 5, 1],
])(
  'of %i processes of a worker, an engine of %i replicas carries %i by one of them',
  (maxReplicas, replicas, carried) => {
    expect(carriedBy({ replicas }, { maxReplicas })).toBe(carried);
  },
);
