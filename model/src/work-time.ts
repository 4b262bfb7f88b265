import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput } from './units.ts';

/** How long one item takes, calls included. Measure it; both numbers drive what is derived. */
export interface WorkTimeSpec {
  readonly mean: DurationInput;
  /** 99 of 100 items take no longer. */
  readonly p99: DurationInput;
}

export interface WorkTime {
  readonly mean: Duration;
  readonly p99: Duration;
}

export function readWorkTime(reader: SpecReader): WorkTime | undefined {
  const mean = reader.unit('mean', Duration);
  const p99 = reader.unit('p99', Duration);
  if (mean?.microseconds === 0) {
    reader.report('value-out-of-range', 'mean', mean, 'a duration above 0', 'measure it; microseconds can be written');
  } else if (mean !== undefined && p99 !== undefined && mean.isLongerThan(p99)) {
    reader.report('percentile-below-mean', 'p99', p99, `at least the mean ${mean}`, 'swap them, or measure p99 again');
  }
  return reader.complete<WorkTime>({ mean, p99 });
}
