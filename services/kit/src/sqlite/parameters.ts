import type { SqlValue } from '../effects/effect-store.ts';

/** Values for `$1`, `$2`, ... SQLite numbers those by where they first stand, so they are bound by their names. */
export function parametersOf(values: readonly SqlValue[]): Record<string, SqlValue> {
  const named: Record<string, SqlValue> = {};
  for (const [index, value] of values.entries()) named[`$${index + 1}`] = value;
  return named;
}
