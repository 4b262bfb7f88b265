import { Duration, type DurationInput } from '@penstock/model';
import { ConstructError } from '../errors.ts';

type Weekday = 'MO' | 'TU' | 'WE' | 'TH' | 'FR' | 'SA' | 'SU';

/** When Google may replace the control plane and nodes by itself. */
export interface MaintenanceWindow {
  readonly days: readonly [Weekday, ...Weekday[]];
  /** Hour of the day in UTC, 0 to 23. */
  readonly startHour: number;
  readonly duration: DurationInput;
}

/** The first occurrence; any Thursday in the past would do. */
const FIRST_DAY = Date.UTC(2026, 0, 1);

const HOUR = Duration.parse('1 hour');

/** GKE refuses less: shorter windows do not count, and 32 days have four of every weekday. */
const SHORTEST = HOUR.times(4);
const PER_32_DAYS = HOUR.times(48);
const DAY = HOUR.times(24);

/** @throws {ConstructError} `window-too-short` or `window-too-long` for what GKE refuses */
export function recurringWindow({ days, startHour, duration }: MaintenanceWindow) {
  const length = Duration.is(duration) ? duration : Duration.parse(duration);
  const refuse = (code: 'window-too-short' | 'window-too-long', expected: string): never => {
    throw new ConstructError(code, 'maintenance', `received ${length} on ${days.join(', ')}, expected ${expected}`);
  };
  if (SHORTEST.isLongerThan(length)) refuse('window-too-short', 'at least 4 hours at a time');
  if (PER_32_DAYS.isLongerThan(length.times(4 * new Set(days).size)))
    refuse('window-too-short', 'at least 48 hours in any 32 days');
  if (length.isLongerThan(DAY)) refuse('window-too-long', 'at most a day at a time');
  const start = FIRST_DAY + startHour * HOUR.toMilliseconds();
  const timestamp = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
  return {
    startTime: timestamp(start),
    endTime: timestamp(start + length.toMilliseconds('up')),
    recurrence: `FREQ=WEEKLY;BYDAY=${days.join(',')}`,
  };
}
