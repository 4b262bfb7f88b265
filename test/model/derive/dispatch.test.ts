import { expect, test } from '@jest/globals';
import { leadFor, unbegunFor } from '../../../model/src/derive/dispatch.ts';
import { Duration } from '../../../model/src/units.ts';

const seconds = (n: number): Duration => Duration.seconds(n);

test.each([
  [4, 5],
  [20, 5],
  [47, 11],
  [60, 15],
  [3_600, 15],
])('with a promise of %i s another leads after %i s: a quarter, from 5 to 15', (promise, lead) => {
  expect(leadFor(seconds(promise)).inSeconds).toBe(lead);
});

test.each([
  [60, 6, 30],
  [10, 6, 6],
  [3_600, 6, 1_800],
])('with a promise of %i s and a lease of %i s a reference is lost after %i s', (promise, lease, lost) => {
  expect(unbegunFor(seconds(promise), seconds(lease)).inSeconds).toBe(lost);
});
