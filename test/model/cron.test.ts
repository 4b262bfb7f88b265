import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isTimeZone, parseCron, shortestIntervalMinutes } from '../../model/src/cron.ts';

const HOUR = 60;
const DAY = 24 * HOUR;

const intervalOf = (text: string): number | undefined => {
  const schedule = parseCron(text);
  if (schedule === undefined) throw new Error(`no schedule: ${text}`);
  return shortestIntervalMinutes(schedule);
};

describe('the shortest interval of a schedule', () => {
  test.each([
    ['* * * * *', 1],
    ['*/15 * * * *', 15],
    // 0, 25, 50 and then the next hour: not 25.
    ['*/25 * * * *', 10],
    // 5, 25, 45.
    ['5/20 * * * *', 20],
    ['0,10 * * * *', 10],
    ['0 * * * *', HOUR],
    ['30 9-17/4 * * *', 4 * HOUR],
    // 23:00 and 1:00 are closer over night than by day.
    ['0 1,23 * * *', 2 * HOUR],
    ['0 3 * * *', DAY],
    ['0 3 * * mon-fri', DAY],
    ['0 3 * * MON,Thu', 3 * DAY],
    ['0 3 * * 0', 7 * DAY],
    ['0 3 1 * *', 28 * DAY],
    ['0 3 31 * *', 31 * DAY],
    ['0 3 1 jan,feb *', 31 * DAY],
    ['0 3 1 1 *', 365 * DAY],
    ['0 3 29 2 *', 1_461 * DAY],
    // The first of a month or a Monday, whichever comes: a Sunday may be the first.
    ['0 3 1 * mon', DAY],
    // With a step the field of days is no longer open, and either is enough.
    ['0 3 */2 * mon', DAY],
    ['0 3 */1 * mon', 7 * DAY],
  ])('%s comes every %d minutes or more', (text, minutes) => {
    expect(intervalOf(text)).toBe(minutes);
  });

  test.each(['0 3 30 2 *', '0 3 31 feb,apr,jun,sep,nov *'])('%s never comes', (text) => {
    expect(intervalOf(text)).toBeUndefined();
  });

  test('is never longer than any interval that the same fields have', () => {
    const values = (most: number, least = 0) =>
      fc
        .uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 4 })
        .map((each) => each.join(','));
    fc.assert(
      fc.property(values(59), values(23), fc.oneof(fc.constant('*'), values(6)), (minute, hour, weekday) => {
        const shortest = intervalOf(`${minute} ${hour} * * ${weekday}`) as number;
        // Two weeks minute by minute, by nothing but the meaning of the fields.
        const has = (field: string, value: number) => field === '*' || field.split(',').includes(String(value));
        const due = Array.from({ length: 14 * DAY }, (_, n) => n).filter(
          (n) => has(minute, n % HOUR) && has(hour, Math.floor(n / HOUR) % 24) && has(weekday, Math.floor(n / DAY) % 7),
        );
        const gaps = due.slice(1).map((each, n) => each - (due[n] as number));
        expect(shortest).toBe(Math.min(...gaps));
      }),
      { seed: 5, numRuns: 60 },
    );
  });
});

describe('five fields of cron', () => {
  test.each([
    '',
    '0 3 * *',
    '0 0 3 * * *',
    '0  3 * * *',
    ' 0 3 * * *',
    '@daily',
    '@every 5m',
    'TZ=UTC 0 3 * * *',
    '0 3 ? * *',
    '60 3 * * *',
    '0 24 * * *',
    '0 3 0 * *',
    '0 3 32 * *',
    '0 3 * 13 *',
    '0 3 * * 7',
    '0 3 * * sunday',
    'mon 3 * * *',
    '*/0 * * * *',
    '-5 * * * *',
    '1.5 * * * *',
    '5-1 * * * *',
    '1-2-3 * * * *',
    '*/5/5 * * * *',
    '1, * * * *',
    '*-5 * * * *',
    '0 3 L * *',
    '0 3 * * 1#2',
  ])('are not %p', (text) => {
    expect(parseCron(text)).toBeUndefined();
  });
});

describe('a time zone', () => {
  test.each([
    'UTC',
    'Europe/Berlin',
    'Asia/Kolkata',
    'America/Argentina/Buenos_Aires',
    'America/Port-au-Prince',
    'Etc/GMT+5',
  ])('is %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test.each(['', 'Local', 'utc', 'europe/berlin', '+01:00', 'Europe/Berlino', 'CET', 'UTC+1', '../etc/passwd'])(
    'is not %p',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );
});
