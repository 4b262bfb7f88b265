import { expect, test } from '@jest/globals';
import { partitionsFor } from '../../../model/src/derive/partitions.ts';
import { Bytes, Duration, Rate } from '../../../model/src/units.ts';

const consumer = (mean: string) => ({
  workTime: { mean: Duration.parse(mean as '1 second'), p99: Duration.seconds(10) },
});
const topic = (peakRate: string, itemSize: string, means: readonly string[]) =>
  ({
    peakRate: Rate.parse(peakRate as '1/s'),
    itemSize: Bytes.parse(itemSize as '1 KiB'),
    consumers: means.map(consumer),
  }) as unknown as Parameters<typeof partitionsFor>[0];

test('a consumer that needs 10 / 0.7 = 14.3, so 15 readers, gets 30 partitions', () => {
  expect(partitionsFor(topic('100/s', '1 KiB', ['100 milliseconds']))).toBe(30);
});

test('the slowest group decides', () => {
  expect(partitionsFor(topic('100/s', '1 KiB', ['1 millisecond', '100 milliseconds']))).toBe(30);
});

test('50 MB/s at 10 MB/s a partition, doubled, are 10, rounded up to 12', () => {
  expect(partitionsFor(topic('5000/s', '10 kB', ['10 microseconds']))).toBe(12);
});

test('a quiet topic has one partition a broker', () => {
  expect(partitionsFor(topic('1/min', '1 KiB', ['1 millisecond']))).toBe(3);
});
