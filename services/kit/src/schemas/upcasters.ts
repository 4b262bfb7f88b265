import { KitError } from '../errors.ts';

/** Makes an event of one version from one of the version before. */
export type Upcast = (event: never) => unknown;

export interface UpcastersOptions<Event> {
  /** What the event is called, for errors. */
  readonly type: string;
  /** The version that `Event` is. */
  readonly current: number;
  /** By the version that each takes: `{ 1: toVersion2, 2: toVersion3 }`. One for every version before the current one. */
  readonly steps: Readonly<Record<number, Upcast>>;
  /** Judges what comes out. @throws whatever it finds wrong @default - it is not judged */
  readonly check?: (event: unknown) => asserts event is Event;
}

/**
 * Brings events of every version to the current one when they are read. What lies in the log is never rewritten: a step
 * is kept as long as an event of its version may be read.
 */
export class Upcasters<Event> {
  readonly #options: UpcastersOptions<Event>;

  /** @throws {KitError} `schema-missing` unless there is exactly one step for each version before the current one */
  constructor(options: UpcastersOptions<Event>) {
    const { type, current, steps } = options;
    const given = Object.keys(steps).map(Number);
    const needed = Array.from(
      { length: current - oldest(given, current) },
      (_, index) => oldest(given, current) + index,
    );
    const missing = needed.filter((version) => !given.includes(version));
    const idle = given.filter((version) => !needed.includes(version));
    if (missing.length > 0) throw incomplete(type, `no step from version ${missing.join(', ')}`);
    if (idle.length > 0)
      throw incomplete(type, `a step from version ${idle.join(', ')}, but the current one is ${current}`);
    this.#options = options;
  }

  /** Versions that can be read. */
  get versions(): readonly number[] {
    const { steps, current } = this.#options;
    return [...Object.keys(steps).map(Number), current].sort((a, b) => a - b);
  }

  /** @throws {KitError} `schema-missing` for a version that nothing leads from; `event-malformed` for what a step or the check refuses */
  read(version: number, event: unknown): Event {
    const { type, current, steps, check } = this.#options;
    if (!this.versions.includes(version))
      throw new KitError(
        'schema-missing',
        `${type}: version ${version} cannot be brought to version ${current}; there are ${this.versions.join(', ')}`,
      );
    let at = event;
    for (let step = version; step < current; step++) {
      try {
        at = (steps[step] as (event: unknown) => unknown)(at);
      } catch (cause) {
        throw new KitError(
          'event-malformed',
          `${type}: the step from version ${step} failed: ${(cause as Error).message}`,
          { cause },
        );
      }
    }
    try {
      check?.(at);
    } catch (cause) {
      throw new KitError(
        'event-malformed',
        `${type}: version ${version} became no version ${current}: ${(cause as Error).message}`,
        { cause },
      );
    }
    return at as Event;
  }

  /**
   * Says of versions that a registry has which ones this cannot read: to be none, in a test, for as long as the log
   * holds events of them.
   */
  unread(registered: readonly number[]): readonly number[] {
    return registered.filter((version) => !this.versions.includes(version));
  }
}

const oldest = (given: readonly number[], current: number): number => Math.min(current, ...given);

const incomplete = (type: string, what: string): KitError =>
  new KitError('schema-missing', `${type}: ${what}`, {
    repair: 'give one step for each version before the current one',
  });
