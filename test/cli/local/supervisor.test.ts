import { expect, test } from '@jest/globals';
import { Rate } from '@penstock/model';
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
  // 3,500 tokens a second are 31.8 requests of 110: one worker of 22.4 items a second, nine of 3.5.
  ['3500/s', 110, '22.4/s', 1, 1],
  ['3500/s', 110, '3.5/s', 1, 9],
  ['3500/s', 110, '3.5/s', 3, 3],
  // It has to work, if slowly.
  ['100/s', 110, '22.4/s', 1, 1],
] as const)(
  'an engine of %s by %i tokens carries of workers of %s, each item asking %i times, %i',
  (tokenRate, tokensPerRequest, ratePerReplica, perItem, carried) => {
    const engine = { tokenRate: Rate.parse(tokenRate), tokensPerRequest };
    expect(carriedBy(engine, { ratePerReplica: Rate.parse(ratePerReplica) }, perItem)).toBe(carried);
  },
);
