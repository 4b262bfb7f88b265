import { expect, test } from '@jest/globals';
import { defineTask, type RetryPolicy } from '@penstock/kit/jobs';
import { z } from 'zod';

const define = (retry: RetryPolicy) => defineTask({ name: 'mail', payload: z.object({}), retry });
const exponential = { kind: 'exponential', initial: '1 second', maximum: '1 minute' } as const;

test.each<readonly [string, RetryPolicy]>([
  ['retry.maxAttempts', { maxAttempts: 0 }],
  ['retry.maxCrashes', { maxCrashes: 1.5 }],
  ['retry.backoff.factor', { backoff: { ...exponential, factor: 0.5 } }],
  ['retry.backoff.factor', { backoff: { ...exponential, factor: Number.NaN } }],
  ['retry.backoff.maximum', { backoff: { ...exponential, maximum: '10 milliseconds' } }],
  ['retry.backoff.jitter', { backoff: { ...exponential, jitter: 'some' as 'none' } }],
  ['retry.backoff.kind', { backoff: { ...exponential, kind: 'linear' as 'exponential' } }],
])('rejects a task with a wrong %s', (path, retry) => {
  expect(() => define(retry)).toThrow(expect.objectContaining({ code: 'tasks-malformed' }));
  expect(() => define(retry)).toThrow(`task mail: ${path}: received`);
});

test.each<readonly [string, RetryPolicy]>([
  ['fixed', { backoff: { kind: 'fixed', every: 'soon' as '1 second' } }],
  ['exponential', { backoff: { ...exponential, initial: '-1 second' as '1 second' } }],
])('rejects a %s backoff whose duration cannot be read', (_, retry) => {
  expect(() => define(retry)).toThrow('received');
});

test('takes every form of a backoff', () => {
  for (const backoff of [
    exponential,
    { ...exponential, factor: 1, jitter: 'equal' },
    { kind: 'fixed', every: '0 seconds' },
  ] as const)
    expect(define({ backoff }).retry?.backoff).toEqual(backoff);
});
