import { specOf } from '../manifest.ts';
import { kindPolicy } from '../policy.ts';

interface CronJobSpec {
  readonly schedule: string;
  readonly timeZone: string;
}

/** Rule 43, the clock of a schedule. */
export const scheduleZoned = kindPolicy(
  {
    id: 'schedule-zoned',
    rules: [43],
    source: 'Kubernetes documentation (CronJob)',
    reason:
      'without a time zone a schedule is read by the clock of whatever machine the controller runs on, and changes with it',
  },
  ['CronJob'],
  (manifest) => {
    const { schedule = '', timeZone } = specOf<CronJobSpec>(manifest);
    return [
      timeZone === undefined && 'does not state timeZone',
      schedule.includes('TZ=') && 'names its zone in the schedule, which the API server refuses, expected timeZone',
    ];
  },
);
