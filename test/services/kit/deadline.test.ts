import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Deadline, KitError } from '@penstock/kit';

afterEach(() => {
  jest.useRealTimers();
});

describe('a deadline', () => {
  test('is what the header leaves, from now on', () => {
    jest.useFakeTimers({ now: 1_000 });
    expect(Deadline.ofHeader('250')?.at).toBe(1_250);
    expect(Deadline.ofHeader(undefined)).toBeUndefined();
  });

  test.each(['', ' ', 'soon', '-1', 'Infinity'])('rejects the header %j', (value) => {
    expect(() => Deadline.ofHeader(value)).toThrow(expect.objectContaining({ code: 'request-refused' }));
  });

  test('has nothing left once it is past', () => {
    expect(Deadline.at(0).remainingMs).toBe(0);
    expect(Deadline.after(60_000).remainingMs).toBeGreaterThan(0);
  });

  test('gives way to an earlier one only', () => {
    const early = Deadline.at(1);
    const late = Deadline.at(2);
    expect(late.earlier(early)).toBe(early);
    expect(early.earlier(late)).toBe(early);
    expect(early.earlier(undefined)).toBe(early);
  });

  test('aborts with the caller, and at once when it is past', async () => {
    const caller = new AbortController();
    const signal = Deadline.after(60_000).signal(caller.signal);
    expect(signal.aborted).toBe(false);
    caller.abort(new KitError('lease-lost', 'gone'));
    expect(signal.reason).toBe(caller.signal.reason);
    const past = Deadline.at(0).signal();
    if (!past.aborted) await new Promise((resolve) => past.addEventListener('abort', resolve));
    expect(past.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('may lie further ahead than a timer reaches', async () => {
    const signal = Deadline.after(Number.MAX_SAFE_INTEGER - Date.now()).signal();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(signal.aborted).toBe(false);
  });
});
