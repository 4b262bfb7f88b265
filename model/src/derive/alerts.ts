import type { BurnRateAlert } from '../objective.ts';
import { Duration } from '../units.ts';

// Multi-window burn rates of the Google SRE Workbook, chapter 5: 2 % of a 30-day budget in an hour, 5 % in six hours,
// 10 % in three days. A rate is share * window / longWindow, so it follows the window that was declared.
const POLICY = [
  { severity: 'page', budgetShare: 0.02, longWindow: '1 hour', shortWindow: '5 minutes' },
  { severity: 'page', budgetShare: 0.05, longWindow: '6 hours', shortWindow: '30 minutes' },
  { severity: 'ticket', budgetShare: 0.1, longWindow: '3 days', shortWindow: '6 hours' },
] as const;

/** The alerts of an objective; `threshold` is burnRate * errorBudget. */
export function burnRateAlertsFor(errorBudget: number, window: Duration): readonly BurnRateAlert[] {
  return POLICY.map(({ severity, budgetShare, longWindow, shortWindow }) => {
    const long = Duration.parse(longWindow);
    const burnRate = Number(((budgetShare * window.microseconds) / long.microseconds).toPrecision(12));
    return {
      severity,
      longWindow: long,
      shortWindow: Duration.parse(shortWindow),
      burnRate,
      threshold: Number((burnRate * errorBudget).toPrecision(12)),
    };
  });
}
