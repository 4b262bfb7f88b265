import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitWith } from '../../../constructs/gcp/vertex-traffic.ts';

const sum = (split: Readonly<Record<string, number>>) => Object.values(split).reduce((all, share) => all + share, 0);

test.each([
  [{}, 30, { a: 100 }],
  [{}, 0, {}],
  [{ b: 100 }, 30, { a: 30, b: 70 }],
  [{ b: 60, c: 40 }, 50, { a: 50, b: 30, c: 20 }],
  [{ a: 20, b: 80 }, 0, { b: 100 }],
  [{ a: 100 }, 0, {}],
  [{ a: 50, b: 50 }, 100, { a: 100 }],
])('of %j, %i per cent for a make %j', (current, percent, expected) => {
  expect(splitWith(current, 'a', percent)).toEqual(expected);
});

test('every split is empty or adds up to 100, gives what is asked where others are, and stays when asked again', () => {
  const shares = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 0, max: 100 }));
  fc.assert(
    fc.property(shares, fc.integer({ min: 0, max: 100 }), (current, percent) => {
      const split = splitWith(current, 'a', percent);
      expect([0, 100]).toContain(sum(split));
      const others = Object.entries(current).some(([id, share]) => id !== 'a' && share > 0);
      if (others) expect(split['a'] ?? 0).toBe(percent);
      expect(splitWith(split, 'a', percent)).toEqual(split);
    }),
  );
});
