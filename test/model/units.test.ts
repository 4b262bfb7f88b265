import { describe, expect, test } from '@jest/globals';
import { Bytes, Duration, type DurationText, ModelError, Rate, Ratio } from '@penstock/model';
import fc from 'fast-check';

describe('a duration', () => {
  test.each([
    ['1.5 minutes', 90_000],
    ['30 seconds', 30_000],
    ['1 second', 1_000],
    ['0.1 seconds', 100],
    ['250 milliseconds', 250],
    ['2 hours', 7_200_000],
    ['7 days', 604_800_000],
  ] as const)('%s is %d ms, exactly', (text, ms) => {
    expect(Duration.parse(text).toMilliseconds()).toBe(ms);
  });

  test.each([
    '',
    '5',
    '5seconds',
    ' 5 seconds',
    '5  seconds',
    '-5 seconds',
    '+5 seconds',
    '1e3 seconds',
    '5 secnds',
    '1.5.2 seconds',
    'NaN seconds',
    'Infinity seconds',
    '.5 seconds',
    '5. seconds',
    '0x5 seconds',
    '1,000 seconds',
    '5 toString',
    `${'9'.repeat(300)} seconds`,
    '0.0000001 seconds',
  ])('rejects %p', (text) => {
    expect(() => Duration.parse(text as DurationText)).toThrow(ModelError);
  });

  test('rejects a lossy conversion unless its rounding is named', () => {
    const duration = Duration.parse('1500 milliseconds');
    expect(() => duration.toSeconds()).toThrow(/rounding/);
    expect(duration.toSeconds('up')).toBe(2);
    expect(duration.toSeconds('down')).toBe(1);
  });

  test('its text parses back to the same value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (microseconds) => {
        const duration = Duration.microseconds(microseconds);
        expect(Duration.tryParse(duration.toString())?.microseconds).toBe(microseconds);
      }),
      { seed: 7 },
    );
  });
});

test('sizes are exact, in binary and decimal units', () => {
  expect(Bytes.parse('64 KiB').bytes).toBe(65_536);
  expect(Bytes.parse('1.5 GB').bytes).toBe(1_500_000_000);
  expect(Bytes.tryParse('0.3 B')).toBeUndefined();
  expect(Bytes.tryParse('5 kb')).toBeUndefined();
  expect(String(Bytes.of(1_048_576))).toBe('1 MiB');
});

test('rates are things per second, minute or hour', () => {
  expect(Rate.parse('30/s').perSecond).toBe(30);
  expect(Rate.parse('90/min').perSecond).toBe(1.5);
  expect(String(Rate.parse('90/min'))).toBe('90/min');
  for (const text of ['-5/s', '5/day', '5', '5 /s', '1e3/s']) expect(Rate.tryParse(text)).toBeUndefined();
});

test('ratios are percentages without a rounding error', () => {
  expect(Ratio.parse('99.9%').value).toBe(0.999);
  expect(Ratio.parse('99.9%').complement()).toBe(0.001);
  for (const text of ['101%', '-1%', '0.999', '99.9 %']) expect(Ratio.tryParse(text)).toBeUndefined();
});
