import { burnRateAlertsFor } from '../derive/alerts.ts';
import type { ObjectiveFacts, ResolvedObjective } from '../objective.ts';
import { type Place, report } from './place.ts';

export function resolveObjective(place: Place, facts: ObjectiveFacts): ResolvedObjective {
  const errorBudget = facts.target.complement();
  const alerts = burnRateAlertsFor(errorBudget, facts.window);
  const mute = alerts.find((alert) => alert.threshold >= 1);
  if (errorBudget === 0 || mute !== undefined) {
    report(
      place,
      'objective-unalertable',
      'target',
      facts.target,
      mute === undefined
        ? 'below 100%: with no budget every late item is an alert'
        : `high enough that ${mute.burnRate} times its budget is below 100%, or no share of late items can fire the alert`,
      mute === undefined
        ? 'write the share you really promise, e.g. "99.9%"'
        : 'raise the target or shorten the window',
    );
  }
  return { ...facts, id: place.id, errorBudget, alerts };
}
