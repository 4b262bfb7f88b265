import { ModelError } from './violations.ts';

// Amounts are whole numbers of the smallest unit we speak of (microseconds, bytes), so that what is parsed is exact and
// arithmetic on what was written never drifts. A conversion that would lose something has to name its rounding.

const MICROSECONDS = {
  microsecond: 1n,
  millisecond: 1_000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
} as const;

const BYTES = {
  B: 1n,
  kB: 1_000n,
  KiB: 1_024n,
  MB: 1_000_000n,
  MiB: 1_048_576n,
  GB: 1_000_000_000n,
  GiB: 1_073_741_824n,
  TB: 1_000_000_000_000n,
  TiB: 1_099_511_627_776n,
} as const;

const RATE_SECONDS = { s: 1, min: 60, h: 3_600 } as const;

type TimeUnit = keyof typeof MICROSECONDS;
type ByteUnit = keyof typeof BYTES;

/** `"30 seconds"`, `"1 minute"`, `"1.5 hours"`. */
export type DurationText = `${number} ${TimeUnit | `${TimeUnit}s`}`;
/** `"512 MiB"`, `"1.5 GB"`. */
export type BytesText = `${number} ${ByteUnit}`;
/** `"30/s"`, `"90/min"`, `"5000/h"`. */
export type RateText = `${number}/${keyof typeof RATE_SECONDS}`;
/** `"99.9%"`. */
export type RatioText = `${number}%`;

export type DurationInput = Duration | DurationText;
export type BytesInput = Bytes | BytesText;
export type RateInput = Rate | RateText;
export type RatioInput = Ratio | RatioText;

export type Rounding = 'up' | 'down';

/** What every unit class can do for the reader of declarations: parse text, and say what text it expects. */
export interface UnitParser<T> {
  readonly expected: string;
  /** The value, or undefined when the text is not one. */
  tryParse(text: string): T | undefined;
  is(value: unknown): value is T;
}

// No sign, no exponent, no leading dot, no thousands separator: one way to write a number.
const DECIMAL = /^(\d{1,16})(?:\.(\d{1,9}))?$/;

/** `decimal * unit` as an exact whole number, or undefined when it is not one. */
function exact(decimal: string, unit: bigint): number | undefined {
  const match = DECIMAL.exec(decimal);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const scale = 10n ** BigInt(fraction.length);
  const product = BigInt(whole + fraction) * unit;
  if (product % scale !== 0n) return undefined;
  const value = product / scale;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

function divide(amount: number, unit: number, name: string, rounding: Rounding | undefined): number {
  const quotient = amount / unit;
  if (Number.isInteger(quotient)) return quotient;
  if (rounding === 'up') return Math.ceil(quotient);
  if (rounding === 'down') return Math.floor(quotient);
  throw new ModelError([
    {
      code: 'value-out-of-range',
      path: name,
      received: String(quotient),
      expected: `a whole number of ${name}`,
      repair: `name the rounding: to${name[0]?.toUpperCase()}${name.slice(1)}('up') or ('down')`,
    },
  ]);
}

function parseOrThrow<T>(parser: UnitParser<T>, path: string, text: string): T {
  const value = parser.tryParse(text);
  if (value !== undefined) return value;
  throw new ModelError([
    {
      code: 'unit-malformed',
      path,
      received: JSON.stringify(text),
      expected: parser.expected,
      repair: `write it as ${parser.expected}`,
    },
  ]);
}

/** A span of time; whole microseconds, never negative. */
export class Duration {
  static readonly expected = 'a duration such as "30 seconds" or "1.5 minutes"';
  static readonly zero = new Duration(0);

  readonly microseconds: number;

  private constructor(microseconds: number) {
    this.microseconds = microseconds;
    Object.freeze(this);
  }

  static is(value: unknown): value is Duration {
    return value instanceof Duration;
  }

  /** @throws {ModelError} `unit-malformed` */
  static parse(text: DurationText): Duration {
    return parseOrThrow(Duration, 'duration', text);
  }

  static tryParse(text: string): Duration | undefined {
    const [amount, unit, ...rest] = text.split(' ');
    if (amount === undefined || unit === undefined || rest.length > 0) return undefined;
    const singular = unit.endsWith('s') ? unit.slice(0, -1) : unit;
    if (!Object.hasOwn(MICROSECONDS, singular)) return undefined;
    const value = exact(amount, MICROSECONDS[singular as TimeUnit]);
    return value === undefined ? undefined : new Duration(value);
  }

  /** Rounds up to a whole microsecond. @throws {ModelError} `value-out-of-range` when negative, not finite or too large */
  static microseconds(amount: number): Duration {
    const whole = Math.ceil(amount);
    if (!Number.isSafeInteger(whole) || whole < 0) {
      throw new ModelError([
        {
          code: 'value-out-of-range',
          path: 'duration',
          received: `${amount} microseconds`,
          expected: 'a finite, non-negative span below 285 years',
          repair: 'check the arithmetic that led to it',
        },
      ]);
    }
    return new Duration(whole);
  }

  static milliseconds(amount: number): Duration {
    return Duration.microseconds(amount * 1_000);
  }

  static seconds(amount: number): Duration {
    return Duration.microseconds(amount * 1_000_000);
  }

  static max(first: Duration, ...others: readonly Duration[]): Duration {
    return others.reduce((a, b) => (b.isLongerThan(a) ? b : a), first);
  }

  static min(first: Duration, ...others: readonly Duration[]): Duration {
    return others.reduce((a, b) => (a.isLongerThan(b) ? b : a), first);
  }

  /** For arithmetic only; a value that leaves the program goes through `toSeconds` or `toMilliseconds`. */
  get inSeconds(): number {
    return this.microseconds / 1_000_000;
  }

  plus(other: Duration): Duration {
    return Duration.microseconds(this.microseconds + other.microseconds);
  }

  /** Never below zero. */
  minus(other: Duration): Duration {
    return Duration.microseconds(Math.max(0, this.microseconds - other.microseconds));
  }

  times(factor: number): Duration {
    return Duration.microseconds(this.microseconds * factor);
  }

  isLongerThan(other: Duration): boolean {
    return this.microseconds > other.microseconds;
  }

  /** The next whole second: what Kubernetes and KEDA count in. */
  roundedUpToSeconds(): Duration {
    return Duration.seconds(this.toSeconds('up'));
  }

  /** @throws {ModelError} `value-out-of-range` when lossy and no rounding is named */
  toMilliseconds(rounding?: Rounding): number {
    return divide(this.microseconds, 1_000, 'milliseconds', rounding);
  }

  /** @throws {ModelError} `value-out-of-range` when lossy and no rounding is named */
  toSeconds(rounding?: Rounding): number {
    return divide(this.microseconds, 1_000_000, 'seconds', rounding);
  }

  /** The largest unit that divides it: `"90 seconds"`, `"2 minutes"`. Parses back to the same value. */
  toString(): string {
    const units = Object.entries(MICROSECONDS).toReversed();
    const [unit, size] = units.find(
      ([, u]) => this.microseconds % Number(u) === 0 && this.microseconds >= Number(u),
    ) ?? ['second', 1_000_000n];
    const amount = this.microseconds / Number(size);
    return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** An amount of memory or storage; whole bytes. */
export class Bytes {
  static readonly expected = 'a size such as "512 MiB" or "1.5 GB"';

  readonly bytes: number;

  private constructor(bytes: number) {
    this.bytes = bytes;
    Object.freeze(this);
  }

  static is(value: unknown): value is Bytes {
    return value instanceof Bytes;
  }

  /** @throws {ModelError} `unit-malformed` */
  static parse(text: BytesText): Bytes {
    return parseOrThrow(Bytes, 'bytes', text);
  }

  static tryParse(text: string): Bytes | undefined {
    const [amount, unit, ...rest] = text.split(' ');
    if (amount === undefined || unit === undefined || rest.length > 0 || !Object.hasOwn(BYTES, unit)) return undefined;
    const value = exact(amount, BYTES[unit as ByteUnit]);
    return value === undefined ? undefined : new Bytes(value);
  }

  /** Rounds up to a whole byte. */
  static of(bytes: number): Bytes {
    return new Bytes(Math.ceil(bytes));
  }

  plus(other: Bytes): Bytes {
    return Bytes.of(this.bytes + other.bytes);
  }

  times(factor: number): Bytes {
    return Bytes.of(this.bytes * factor);
  }

  isLargerThan(other: Bytes): boolean {
    return this.bytes > other.bytes;
  }

  /** @throws {ModelError} `value-out-of-range` when lossy and no rounding is named */
  toMebibytes(rounding?: Rounding): number {
    return divide(this.bytes, 1_048_576, 'mebibytes', rounding);
  }

  /** The largest binary unit that divides it, else the largest decimal one. Parses back to the same value. */
  toString(): string {
    const order = ['TiB', 'GiB', 'MiB', 'KiB', 'TB', 'GB', 'MB', 'kB'] as const;
    const unit = order.find((u) => this.bytes >= Number(BYTES[u]) && this.bytes % Number(BYTES[u]) === 0) ?? 'B';
    return `${this.bytes / Number(BYTES[unit])} ${unit}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Things per time. Kept as written: `90/min` is not turned into `1.5/s`. */
export class Rate {
  static readonly expected = 'a rate such as "30/s", "90/min" or "5000/h"';

  readonly perSecond: number;
  readonly #text: string;

  private constructor(text: string, perSecond: number) {
    this.#text = text;
    this.perSecond = perSecond;
    Object.freeze(this);
  }

  static is(value: unknown): value is Rate {
    return value instanceof Rate;
  }

  /** @throws {ModelError} `unit-malformed` */
  static parse(text: RateText): Rate {
    return parseOrThrow(Rate, 'rate', text);
  }

  static tryParse(text: string): Rate | undefined {
    const [amount, unit, ...rest] = text.split('/');
    if (amount === undefined || unit === undefined || rest.length > 0) return undefined;
    if (!DECIMAL.test(amount) || !Object.hasOwn(RATE_SECONDS, unit)) return undefined;
    return new Rate(text, Number(amount) / RATE_SECONDS[unit as keyof typeof RATE_SECONDS]);
  }

  static perSecond(amount: number): Rate {
    return new Rate(`${amount}/s`, amount);
  }

  times(factor: number): Rate {
    return Rate.perSecond(this.perSecond * factor);
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}

/** A share of one: `"99.9%"` is 0.999. */
export class Ratio {
  static readonly expected = 'a percentage such as "99.9%"';

  readonly value: number;
  readonly #text: string;

  private constructor(text: string, value: number) {
    this.#text = text;
    this.value = value;
    Object.freeze(this);
  }

  static is(value: unknown): value is Ratio {
    return value instanceof Ratio;
  }

  /** @throws {ModelError} `unit-malformed` */
  static parse(text: RatioText): Ratio {
    return parseOrThrow(Ratio, 'ratio', text);
  }

  static tryParse(text: string): Ratio | undefined {
    if (!text.endsWith('%')) return undefined;
    const decimal = text.slice(0, -1);
    if (!DECIMAL.test(decimal) || Number(decimal) > 100) return undefined;
    // Shifting the decimal point in text keeps 99.9% at 0.999 and not at 0.9990000000000001.
    return new Ratio(text, Number(`${decimal}e-2`));
  }

  /** What is left of one, e.g. the error budget of an objective. */
  complement(): number {
    return Number((1 - this.value).toPrecision(12));
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}
