import type { UnitParser } from './units.ts';
import type { ViolationCode, Violations } from './violations.ts';

/**
 * Reads one object of a declaration field by field and reports whatever is wrong with it. A field nobody asked for is
 * reported too, so that a misspelt one cannot be silently ignored by those who write without a type checker.
 */
export class SpecReader {
  readonly path: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #violations: Violations;
  readonly #asked = new Set<string>();
  readonly #faultsBefore: number;

  constructor(path: string, value: unknown, violations: Violations) {
    this.path = path;
    this.#violations = violations;
    this.#faultsBefore = violations.count;
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    this.#fields = isObject ? (value as Readonly<Record<string, unknown>>) : {};
    if (!isObject) this.#report('field-missing', undefined, value, 'an object', 'declare it as an object of facts');
  }

  /** @returns undefined when absent or malformed; both are reported */
  unit<T>(key: string, parser: UnitParser<T>): T | undefined {
    const value = this.#take(key);
    if (value === undefined) return this.#missing(key, parser.expected);
    return this.#parse(key, value, parser);
  }

  unitOr<T>(key: string, parser: UnitParser<T>, fallback: string): T | undefined {
    return this.#parse(key, this.#take(key) ?? fallback, parser);
  }

  /** A field that stays undefined when it is not written. */
  optionalUnit<T>(key: string, parser: UnitParser<T>): T | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : this.#parse(key, value, parser);
  }

  count(key: string, minimum = 1): number | undefined {
    const value = this.#take(key);
    return value === undefined ? this.#missing(key, wholeNumber(minimum)) : this.#whole(key, value, minimum);
  }

  countOr(key: string, fallback: number, minimum = 1, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
    return this.#whole(key, this.#take(key) ?? fallback, minimum, maximum);
  }

  optionalCount(key: string, minimum = 1): number | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : this.#whole(key, value, minimum);
  }

  /** A positive number that need not be whole, e.g. cores. */
  amountOr(key: string, fallback: number): number | undefined {
    const value = this.#take(key) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    return this.#report('value-out-of-range', key, value, 'a number above 0', 'write a positive number');
  }

  choiceOr<const C extends string>(key: string, choices: readonly C[], fallback: C): C | undefined {
    return this.#choose(key, this.#take(key) ?? fallback, choices);
  }

  choice<const C extends string>(key: string, choices: readonly C[]): C | undefined {
    const value = this.#take(key);
    return value === undefined ? this.#missing(key, choices.join(' or ')) : this.#choose(key, value, choices);
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined) return this.#missing(key, 'a text');
    if (typeof value === 'string' && value !== '') return value;
    return this.#report('value-out-of-range', key, value, 'a text that is not empty', `write ${key} as a text`);
  }

  /** Anything; the caller checks it. */
  raw(key: string): unknown {
    return this.#take(key);
  }

  /** A reader for an object inside; an absent optional one reads as empty. */
  inner(key: string, need: 'required' | 'optional'): SpecReader {
    const value = this.#take(key);
    return new SpecReader(
      `${this.path}.${key}`,
      value === undefined && need === 'optional' ? {} : value,
      this.#violations,
    );
  }

  /** A reader for each entry of a record; an absent record has none. */
  entries(key: string): readonly (readonly [id: string, reader: SpecReader])[] {
    const record = this.inner(key, 'optional');
    return Object.keys(record.#fields).map((id) => [id, record.inner(id, 'required')] as const);
  }

  report(code: ViolationCode, key: string | undefined, received: unknown, expected: string, repair: string): void {
    this.#report(code, key, received, expected, repair);
  }

  /** Reports the fields nobody asked for. Call it last. */
  finish(): void {
    for (const key of Object.keys(this.#fields)) {
      if (this.#asked.has(key)) continue;
      const near = [...this.#asked].find((known) => isNear(known, key));
      const known = [...this.#asked].join(', ');
      this.#report(
        'field-unknown',
        key,
        key,
        `one of ${known}`,
        near === undefined ? 'remove it' : `rename it to ${near}`,
      );
    }
  }

  /** The facts as whole ones, or undefined when any fault was reported since this reader began. */
  complete<T extends object>(facts: { readonly [K in keyof T]: T[K] | undefined }): T | undefined {
    this.finish();
    return this.#violations.count === this.#faultsBefore ? (facts as T) : undefined;
  }

  #take(key: string): unknown {
    this.#asked.add(key);
    return this.#fields[key];
  }

  #parse<T>(key: string, value: unknown, parser: UnitParser<T>): T | undefined {
    if (parser.is(value)) return value;
    const parsed = typeof value === 'string' ? parser.tryParse(value) : undefined;
    return parsed ?? this.#report('unit-malformed', key, value, parser.expected, `write it as ${parser.expected}`);
  }

  #whole(key: string, value: unknown, minimum: number, maximum = Number.MAX_SAFE_INTEGER): number | undefined {
    if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum)
      return value as number;
    const expected = wholeNumber(minimum, maximum);
    return this.#report('value-out-of-range', key, value, expected, `write ${expected}`);
  }

  #choose<const C extends string>(key: string, value: unknown, choices: readonly C[]): C | undefined {
    const found = choices.find((choice) => choice === value);
    return found ?? this.#report('choice-unknown', key, value, choices.join(' or '), `choose ${choices.join(' or ')}`);
  }

  #missing(key: string, expected: string): undefined {
    return this.#report('field-missing', key, undefined, expected, `add ${key}`);
  }

  #report(
    code: ViolationCode,
    key: string | undefined,
    received: unknown,
    expected: string,
    repair: string,
  ): undefined {
    const path = key === undefined ? this.path : `${this.path}.${key}`;
    this.#violations.add({ code, path, received: show(received), expected, repair });
    return undefined;
  }
}

const wholeNumber = (minimum: number, maximum = Number.MAX_SAFE_INTEGER): string =>
  maximum === Number.MAX_SAFE_INTEGER
    ? `a whole number of at least ${minimum}`
    : `a whole number from ${minimum} to ${maximum}`;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' || (value !== null && typeof value === 'object' && 'toJSON' in value)
    ? String(value)
    : (JSON.stringify(value) ?? String(value));
}

/** One letter added, lost, changed or two swapped, or another case. */
function isNear(known: string, written: string): boolean {
  const a = known.toLowerCase();
  const b = written.toLowerCase();
  if (a === b) return true;
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const changedA = a.slice(start, a.length - end);
  const changedB = b.slice(start, b.length - end);
  return (changedA.length <= 1 && changedB.length <= 1) || changedA === [...changedB].toReversed().join('');
}
