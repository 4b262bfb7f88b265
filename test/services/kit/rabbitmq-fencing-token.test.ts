import { expect, test } from '@jest/globals';
import { type Lineage, nextGeneration, tokenOf } from '../../../services/kit/src/bus/rabbitmq/fencing-token.ts';

const FIRST: Lineage = { generation: 0, branch: 0, losses: 0 };
const LOSSES = [0, 1, 2, 3] as const;
const TRIES = [0, 1, 2] as const;

/** Every copy that can come of one when each of its deliveries is stored by several tries. */
const copiesOf = (of: Lineage): readonly Lineage[] =>
  LOSSES.flatMap((losses) => TRIES.map((tries) => ({ ...nextGeneration({ ...of, losses }, tries), losses: 0 })));

test('a delivery that nobody settled is followed by one with a greater token', () => {
  const tokens = LOSSES.map((losses) => tokenOf({ ...FIRST, losses }));
  expect(tokens).toEqual([1, 2, 3, 4]);
});

test('whatever is stored anew has greater tokens than all deliveries before, and none that another copy has', () => {
  const generations = [[FIRST], copiesOf(FIRST), copiesOf(FIRST).flatMap(copiesOf)];
  const tokens = generations.map((copies) =>
    copies.flatMap((copy) => LOSSES.map((losses) => tokenOf({ ...copy, losses }))),
  );
  for (const own of tokens) expect(new Set(own).size).toBe(own.length);
  for (const [place, own] of tokens.slice(1).entries())
    expect(Math.min(...own)).toBeGreaterThan(Math.max(...(tokens[place] ?? [])));
});

test('tokens are whole numbers after a hundred million generations', () => {
  const last = { generation: 100_000_000, branch: 2 ** 14 - 1, losses: 2 ** 12 - 1 };
  expect(Number.isSafeInteger(tokenOf(last))).toBe(true);
});
