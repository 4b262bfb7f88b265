import { Duration } from '@penstock/model';
import type { WatchedService } from '../alarm.ts';
import { ofMetric } from '../alarm-signal.ts';

const HOLDS = Duration.parse('5 minutes');

/**
 * Who watches the watchman: an alert that cannot be sent is nobody's news. That samples stop coming is the platform's
 * own alert, which does not need them: a replica that is not seen is missing.
 */
export const prometheusAlarms = (name: string, workspaceId: string): WatchedService => ({
  id: 'prometheus',
  title: `Prometheus ${name}`,
  alarms: [
    {
      name: 'PenstockNotificationsFailing',
      subject: name,
      severity: 'page',
      signal: ofMetric('notificationsFailed', { Workspace: workspaceId }, 'Sum'),
      limit: { above: 0 },
      holds: HOLDS,
      missing: 'notBreaching',
      description: `Prometheus ${name} has not got its alerts through in any of the last minutes.`,
    },
  ],
});
