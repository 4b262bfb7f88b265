import { describe, expect, test } from '@jest/globals';
import { withFailure } from '../../../services/kit/src/bus/attempt-history.ts';
import { kafkaOptionsOf } from '../../../services/kit/src/bus/kafka/address.ts';
import { PartitionWindow, WINDOW } from '../../../services/kit/src/bus/kafka/partition-window.ts';

/** What a broker takes by default. */
const LONGEST_METADATA = 4_096;
const NOW = 1_764_000_000_000;

describe('the window of a partition', () => {
  test('moves its watermark over what is settled in any order', () => {
    const window = new PartitionWindow(10);
    for (const offset of [12, 11]) window.settle(offset);
    expect(window.base).toBe(10);
    window.settle(10);
    expect(window.base).toBe(13);
    expect(window.isSettled(12)).toBe(true);
    expect(window.isSettled(13)).toBe(false);
  });

  test('is the same after a commit: what is done, attempted, delayed and given up', () => {
    const window = new PartitionWindow(100);
    window.takeOver(NOW, 1_000);
    for (const offset of [101, 102, 104]) window.settle(offset);
    const retried = window.slot(100);
    retried.attempts = 2;
    retried.dueAt = NOW + 500;
    retried.history = withFailure([], { attempt: 2, at: NOW, reason: 'later' });
    const dead = window.slot(103);
    dead.attempts = 3;
    dead.isDead = true;
    const read = PartitionWindow.parse(window.base, window.encode(NOW), NOW);
    expect(read.encode(NOW)).toBe(window.encode(NOW));
    expect([101, 102, 103, 104].map((offset) => read.isSettled(offset))).toEqual([true, true, false, true]);
    expect(read.peek(100)).toEqual(retried);
    expect(read.peek(103)).toMatchObject({ attempts: 3, isDead: true });
    expect(read.count(NOW)).toEqual({ done: 3, leased: 0, delayed: 1 });
    expect([...read.delayed(NOW)]).toEqual([[100, NOW + 500]]);
    expect([...read.delayed(NOW + 500)]).toEqual([]);
  });

  test('gives every owner greater tokens than the one before, also one whose clock is behind', () => {
    const first = new PartitionWindow(0);
    first.takeOver(NOW, 1_000);
    first.token += 5_000;
    const second = PartitionWindow.parse(0, first.encode(NOW), NOW);
    second.takeOver(NOW - 60_000, 1_000);
    expect(second.token).toBeGreaterThanOrEqual(first.token);
    expect(second.epoch).toBeGreaterThan(first.epoch);
  });

  test('ends the leases of an owner that is gone and keeps their attempts', () => {
    const before = new PartitionWindow(0);
    Object.assign(before.slot(3), { state: 'leased', attempts: 1 });
    const after = PartitionWindow.parse(0, before.encode(NOW), NOW);
    expect(after.count(NOW).leased).toBe(1);
    after.takeOver(NOW, 1_000);
    expect(after.peek(3)).toMatchObject({ state: 'free', attempts: 1 });
  });

  test('fits into the metadata of a commit however full it is, and drops reasons first', () => {
    const window = new PartitionWindow(5_000_000_000);
    window.takeOver(NOW, 1_000);
    for (let place = 0; place < WINDOW; place++) {
      const slot = window.slot(window.base + place);
      slot.attempts = 100;
      slot.dueAt = NOW + place;
      for (let attempt = 1; attempt <= 20; attempt++)
        slot.history = withFailure(slot.history, { attempt, at: NOW, reason: 'ü'.repeat(2_000) });
      expect(slot.history).toHaveLength(16);
    }
    expect(Buffer.byteLength(window.encode(NOW))).toBeLessThanOrEqual(LONGEST_METADATA);
    const read = PartitionWindow.parse(window.base, window.encode(NOW), NOW);
    expect(read.peek(window.base + WINDOW - 1)).toMatchObject({ attempts: 100, dueAt: NOW + WINDOW - 1 });
  });

  test('lets nobody wait longer than was left of the wait when it was written, by whatever clock', () => {
    const window = new PartitionWindow(0);
    Object.assign(window.slot(3), { attempts: 1, dueAt: NOW + 500 });
    const written = window.encode(NOW);
    const dueBy = (clock: number): number | undefined => PartitionWindow.parse(0, written, clock).peek(3)?.dueAt;
    expect(dueBy(NOW + 200)).toBe(NOW + 500);
    expect(dueBy(NOW + 60_000)).toBe(NOW + 60_000);
    expect(dueBy(NOW - 600_000)).toBe(NOW - 600_000 + 500);
  });

  test('begins anew on metadata that is not its own', () => {
    expect(PartitionWindow.parse(7, 'somebody else', NOW).base).toBe(7);
    expect(PartitionWindow.parse(7, null, NOW).token).toBe(0);
  });
});

describe('an address of Kafka', () => {
  test('names brokers and what they ask for', async () => {
    expect(await kafkaOptionsOf('kafka://a:9092,b:9093?sessionMs=3000&partitions=6')).toEqual({
      brokers: ['a:9092', 'b:9093'],
      sessionMs: 3_000,
      partitions: 6,
    });
  });

  test.each([
    ['a broker without a port', 'kafka://a'],
    ['an unknown parameter', 'kafka://a:1?nkey=x'],
    ['a user without a password', 'kafka://a:1?user=x'],
    ['a file that is not there', 'kafka://a:1?ca=/nowhere'],
    ['a number that is none', 'kafka://a:1?sessionMs=soon'],
  ])('rejects %s', async (_, address) => {
    await expect(kafkaOptionsOf(address)).rejects.toMatchObject({ code: 'address-malformed' });
  });
});
