import { describe, expect, test } from '@jest/globals';
import { Bytes, Duration } from '@penstock/model';
import {
  byteQuantity,
  cpuQuantity,
  goDuration,
  periodsWithin,
  seconds,
} from '../../../constructs/kubernetes/lowering.ts';
import { goDurationMs } from '../../../constructs/policies/go-duration.ts';

describe('units at the edge', () => {
  test.each([
    ['256 MiB', '256Mi'],
    ['1.5 GiB', '1536Mi'],
    ['1 TiB', '1Ti'],
    ['90 MB', '90000000'],
    ['1 KiB', '1Ki'],
    ['1 B', '1'],
    ['0 B', '0'],
  ] as const)('%s is the quantity %s, to the byte', (size, text) => {
    expect(byteQuantity(Bytes.parse(size))).toBe(text);
  });

  test.each([
    [0.25, '250m'],
    [1, '1000m'],
    [0.1 + 0.2, '300m'],
    [0.0001, '1m'],
  ])('%d cores are %s, never less than asked for', (cores, text) => {
    expect(cpuQuantity(cores)).toBe(text);
  });

  test.each([
    [5_000, '5s'],
    [1_500, '1500ms'],
    [0, '0s'],
    [1_209_600_000, '1209600s'],
  ])('%d ms are %s in Go, and back', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
    expect(goDurationMs(text)).toBe(ms);
  });

  test.each(['', '5', 's', '5 s', '-5s', '1d', undefined])('rejects %p as a Go duration', (text) => {
    expect(goDurationMs(text)).toBeUndefined();
  });

  test('a Go duration of several units is their sum', () => {
    expect(goDurationMs('1h30m0.5s')).toBe(5_400_500);
  });

  test('seconds and probe periods are rounded up', () => {
    expect(seconds(Duration.milliseconds(1_001))).toBe(2);
    expect(periodsWithin(Duration.seconds(11), 5)).toBe(3);
    expect(periodsWithin(Duration.seconds(1), 5)).toBe(1);
  });
});
