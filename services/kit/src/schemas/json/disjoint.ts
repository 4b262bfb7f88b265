import type { Conjunction } from './conjunction.ts';

/** Deep enough for a discriminator in a part of a part. */
const DEEPEST = 6;

/** Whether it is certain that no value is valid on both sides. */
export function disjoint(left: Conjunction, right: Conjunction, depth = 0): boolean {
  if (left.isNever || right.isNever) return true;
  if (depth > DEEPEST) return false;
  const both = [...left.types].filter((type) => right.types.has(type));
  if (both.length === 0) return true;
  if (refusesAll(left, right) || refusesAll(right, left)) return true;
  if (casesOf(left)?.every((one) => disjoint(one, right, depth + 1)) === true) return true;
  if (casesOf(right)?.every((one) => disjoint(left, one, depth + 1)) === true) return true;
  if (!both.every((type) => type === 'object')) return false;
  const required = new Set([...left.required, ...right.required]);
  return [...required].some((name) => disjoint(left.property(name), right.property(name), depth + 1));
}

/** All values that one side lists are refused by a part of the other. */
function refusesAll(listing: Conjunction, other: Conjunction): boolean {
  const values = listing.values;
  const judges = other.parts.filter((part) => part.text !== undefined && !part.document.startsWith('{'));
  return values?.every((value) => judges.some((part) => !part.accepts(value))) === true;
}

/** Splitting by type proves nothing that the types have not shown. */
const casesOf = (conjunction: Conjunction): readonly Conjunction[] | undefined =>
  conjunction.parts.some((part) => Array.isArray(part.value('anyOf') ?? part.value('oneOf')))
    ? conjunction.cases()
    : undefined;
