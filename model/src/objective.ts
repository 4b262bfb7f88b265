import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput, Ratio, type RatioInput } from './units.ts';

/** A service level objective: this share of a queue's items is done within the queue's promise. */
export interface ObjectiveSpec<QueueId extends string = string> {
  readonly queue: QueueId;
  readonly target: RatioInput;
  /** The span over which the error budget is counted. @default '30 days' */
  readonly window?: DurationInput;
}

export interface ObjectiveFacts {
  readonly queue: string;
  readonly target: Ratio;
  readonly window: Duration;
}

/** Fires when the budget burns `burnRate` times too fast over both windows; the short one ends the alert early. */
export interface BurnRateAlert {
  readonly severity: 'page' | 'ticket';
  readonly longWindow: Duration;
  readonly shortWindow: Duration;
  readonly burnRate: number;
  /** Share of late items above which the alert fires. */
  readonly threshold: number;
}

export interface ResolvedObjective extends ObjectiveFacts {
  readonly id: string;
  /** Share of items that may be late over the window. */
  readonly errorBudget: number;
  readonly alerts: readonly BurnRateAlert[];
}

export function readObjective(reader: SpecReader): ObjectiveFacts | undefined {
  return reader.complete<ObjectiveFacts>({
    queue: reader.text('queue'),
    target: reader.unit('target', Ratio),
    window: reader.unitOr('window', Duration, '30 days'),
  });
}
