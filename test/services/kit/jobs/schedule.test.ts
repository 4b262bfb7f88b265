import { describe, expect, test } from '@jest/globals';
import { type MissedRuns, Timetable } from '../../../../services/kit/src/jobs/schedule.ts';
import { MemoryStore } from './memory-store.ts';
import { newJob } from './new-job.ts';

const at = (text: string): number => Date.parse(text);
const timetable = (cron: string, timeZone = 'Europe/Berlin', missed: MissedRuns = 'run-once'): Timetable =>
  new Timetable({ name: 'report', cron, timeZone, missed, job: (time) => newJob(`r${time}`, { runAt: time }) });
const timesOf = (table: Timetable, from: string, count: number): readonly string[] => {
  const times: string[] = [];
  for (let moment = at(from); times.length < count; ) {
    moment = table.after(moment);
    times.push(new Date(moment).toISOString().slice(0, 16));
  }
  return times;
};

describe('the times of a schedule', () => {
  test('that does not exist when clocks are put forward comes at the moment of the change', () => {
    expect(timesOf(timetable('30 2 * * *'), '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  test('that comes twice when clocks are put back comes once, the first time', () => {
    expect(timesOf(timetable('30 2 * * *'), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  test('go on evenly through both changes when they are steps', () => {
    for (const day of ['2026-03-29', '2026-10-25'])
      expect(timesOf(timetable('*/30 * * * *'), `${day}T00:00:00Z`, 4)).toEqual([
        `${day}T00:30`,
        `${day}T01:00`,
        `${day}T01:30`,
        `${day}T02:00`,
      ]);
  });

  test.each([
    ['skip', []],
    ['run-once', ['12:00']],
    ['run-all', ['10:00', '11:00', '12:00']],
  ] as const)('that went by are made up for by %s', (missed, expected) => {
    const table = timetable('0 * * * *', 'UTC', missed);
    const due = table.due(at('2026-01-01T10:00:00Z'), at('2026-01-01T12:30:00Z'));
    expect(due.times.map((time) => new Date(time).toISOString().slice(11, 16))).toEqual(expected);
    expect(due.nextAt).toBe(at('2026-01-01T13:00:00Z'));
  });

  test.each(['skip', 'run-once', 'run-all'] as const)('that are noticed in time run under %s', (missed) => {
    const table = timetable('0 * * * *', 'UTC', missed);
    const noon = at('2026-01-01T12:00:00Z');
    expect(table.due(noon, noon + 40).times).toEqual([noon]);
  });

  test('that went by for years are a hundred at most, the latest', () => {
    const table = timetable('* * * * *', 'UTC', 'run-all');
    const now = at('2026-01-01T00:00:00Z');
    const { times } = table.due(at('2020-01-01T00:00:00Z'), now);
    expect(times).toHaveLength(100);
    expect(times.at(-1)).toBe(now);
  });

  test.each([
    ['bad', 'UTC'],
    ['* * * * *', 'Mars/Olympus'],
  ])('rejects %s in %s', (cron, timeZone) => {
    expect(() => timetable(cron, timeZone)).toThrow(/job-malformed/);
  });
});

describe('a schedule in a store', () => {
  const row = (table: Timetable, now: number) => table.row('q', now);
  const noon = at('2026-01-01T12:00:00Z');

  test('adds the job of a time once, whoever ticks', () => {
    const store = new MemoryStore();
    const table = timetable('0 * * * *', 'UTC');
    store.runNow('putSchedule', row(table, noon - 1));
    const [stored] = store.runNow('listSchedules', 'q');
    const tick = () => store.runNow('tick', stored as never, table.jobs([noon]), table.after(noon));
    expect([tick(), tick()]).toEqual(['added', 'superseded']);
    expect(store.database.prepare('SELECT idempotency_key FROM jobs').all()).toEqual([
      { idempotency_key: 'report@2026-01-01T12:00:00.000Z' },
    ]);
  });

  test('goes on where it was when it is put again, and starts anew when it changed', () => {
    const store = new MemoryStore();
    store.runNow('putSchedule', row(timetable('0 * * * *', 'UTC'), noon - 1));
    store.runNow('putSchedule', row(timetable('0 * * * *', 'UTC'), noon + 86_400_000));
    expect(store.runNow('listSchedules', 'q')).toMatchObject([{ nextAt: noon }]);
    store.runNow('putSchedule', row(timetable('30 * * * *', 'UTC'), noon + 86_400_000));
    expect(store.runNow('listSchedules', 'q')).toMatchObject([{ nextAt: noon + 86_400_000 + 1_800_000 }]);
    expect(store.runNow('removeSchedule', 'report')).toBe(true);
    expect(store.runNow('removeSchedule', 'report')).toBe(false);
  });
});
