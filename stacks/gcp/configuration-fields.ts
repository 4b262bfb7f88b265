import { ConstructError } from '../../constructs/errors.ts';

export type RawConfiguration = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is RawConfiguration =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads one field after the other, and remembers all that is wrong and all that was asked for. */
export class ConfigurationFields {
  readonly #raw: RawConfiguration;
  readonly #faults: string[] = [];
  readonly #asked = new Set<string>();

  constructor(raw: RawConfiguration) {
    this.#raw = raw;
  }

  text<T extends string = string>(path: string, pattern: RegExp, expected: string): T {
    return this.#take(path, (value) => typeof value === 'string' && pattern.test(value), expected);
  }

  choice<T extends string>(path: string, choices: readonly T[]): T {
    return this.#take(path, (value) => choices.some((choice) => choice === value), choices.join(', '));
  }

  whole(path: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    const fits = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= least;
    return this.#take(path, (value) => fits(value) && Number(value) <= most, `a whole number, ${range}`);
  }

  flag(path: string): boolean {
    return this.#take(path, (value) => typeof value === 'boolean', 'true or false');
  }

  texts<T>(path: string, least: number, pattern: RegExp, expected: string): T {
    const fits = (value: unknown): boolean => typeof value === 'string' && pattern.test(value);
    return this.#take(path, (value) => Array.isArray(value) && value.length >= least && value.every(fits), expected);
  }

  /** What `read` makes of a field or section that may be left out. */
  optional<T>(path: string, read: (path: string) => T): T | undefined {
    return this.#at(path) === undefined ? undefined : read(path);
  }

  /** One entry a key of a section, none where it is left out. */
  entries<T>(path: string, read: (path: string, key: string) => T): Readonly<Record<string, T>> {
    const section = this.#at(path) ?? {};
    if (!isRecord(section)) {
      this.#take(path, () => false, 'names with what each has');
      return {};
    }
    return Object.fromEntries(Object.keys(section).map((key) => [key, read(`${path}.${key}`, key)]));
  }

  /**
   * Ends the reading.
   *
   * @throws {ConstructError} `configuration-malformed` with everything that is wrong, also what nothing asked for
   */
  done(file: string): void {
    const faults = [...this.#faults, ...this.#unknown(this.#raw, '')];
    if (faults.length > 0) throw new ConstructError('configuration-malformed', file, faults.join('; '));
  }

  #at(path: string): unknown {
    return path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), this.#raw);
  }

  #take<T>(path: string, fits: (value: unknown) => boolean, expected: string): T {
    this.#asked.add(path);
    const value = this.#at(path);
    if (!fits(value))
      this.#faults.push(`${path}: received ${JSON.stringify(value) ?? 'nothing'}, expected ${expected}`);
    return value as T;
  }

  /** A misspelled field that may be left out would else be left out without a word. */
  #unknown(section: RawConfiguration, prefix: string): readonly string[] {
    return Object.entries(section).flatMap(([key, value]) => {
      const path = `${prefix}${key}`;
      if (value === undefined || this.#asked.has(path)) return [];
      return isRecord(value) && Object.keys(value).length > 0
        ? this.#unknown(value, `${path}.`)
        : [`${path}: received ${JSON.stringify(value)}, expected no such field`];
    });
  }
}
