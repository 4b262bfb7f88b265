import { KitError } from './errors.ts';

/** Carries the time that is left, in milliseconds: clocks of two machines differ, spans do not. */
export const DEADLINE_HEADER = 'x-request-deadline-ms';

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The moment after which an answer is of no use to whoever asked. */
export class Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number;

  private constructor(at: number) {
    this.at = at;
  }

  static after(ms: number): Deadline {
    return new Deadline(Date.now() + ms);
  }

  static at(ms: number): Deadline {
    return new Deadline(ms);
  }

  /** Undefined without the header. @throws {KitError} `request-refused` when it is not a number of milliseconds */
  static ofHeader(value: string | undefined): Deadline | undefined {
    if (value === undefined) return undefined;
    const ms = Number(value);
    if (value.trim() !== '' && Number.isFinite(ms) && ms >= 0) return Deadline.after(ms);
    throw new KitError(
      'request-refused',
      `${DEADLINE_HEADER}: received ${JSON.stringify(value)}, expected the milliseconds that are left`,
    );
  }

  get remainingMs(): number {
    return Math.max(0, this.at - Date.now());
  }

  earlier(other: Deadline | undefined): Deadline {
    return other !== undefined && other.at < this.at ? other : this;
  }

  /** Aborts at the deadline, or when one of the others does. */
  signal(...others: readonly AbortSignal[]): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(Math.min(Math.ceil(this.remainingMs), LONGEST_TIMER_MS)), ...others]);
  }
}
