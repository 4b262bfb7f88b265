import { isTimeZone, parseCron, shortestIntervalMinutes } from './cron.ts';
import { type ResolvedResources, type ResourcesSpec, readResources } from './resources.ts';
import { readRoles } from './roles.ts';
import type { JobDeclaration } from './service.ts';
import { readService } from './service-reference.ts';
import type { SpecReader } from './spec-reader.ts';
import { Duration, type DurationInput, Rate, type RateInput } from './units.ts';
import { readWorkTime, type WorkTime, type WorkTimeSpec } from './work-time.ts';

/** Work that begins by the clock and ends by itself. A run may come twice, so it has to be idempotent. */
export interface ScheduleSpec<QueueId extends string = string, EngineId extends string = string> {
  /** What the image says of itself: the service's `service.ts`. */
  readonly service: JobDeclaration;
  /** Minute, hour, day of month, month, day of week, e.g. `0 3 * * mon-fri`. */
  readonly cron: string;
  /** The clock it is read by, from the IANA database. In one with summer time, 2:30 comes never or twice on two days of the year. @default 'UTC' */
  readonly timeZone?: string;
  /** How long one run takes, calls included. */
  readonly runTime: WorkTimeSpec;
  /** Whether a run may begin while the one before it goes on; where it must not, it is skipped. @default 'forbidden' */
  readonly overlap?: 'forbidden' | 'allowed';
  /** A run that could not start by then is skipped. @default - derived by `startWithinFor` */
  readonly startWithin?: DurationInput;
  /** Times that one run is tried. @default 3 */
  readonly attempts?: number;
  /** From SIGTERM until a run has left everything as the next attempt can take it up. @default '25 seconds' */
  readonly stopsWithin?: DurationInput;
  /** From the time it is due until it works: node, image, start. @default '30 seconds' */
  readonly coldStart?: DurationInput;
  /** The engine behind each role that the service calls. */
  readonly calls?: Readonly<Record<string, RunCallSpec<EngineId>>>;
  /** The queue behind each role that the service publishes to. */
  readonly publishes?: Readonly<Record<string, RunPublishSpec<QueueId>>>;
  readonly resources?: ResourcesSpec;
}

export interface RunCallSpec<EngineId extends string = string> {
  readonly engine: EngineId;
  /** Highest rate of calls that lasts for a minute or more, of one run. */
  readonly peakRate: RateInput;
}

export interface RunPublishSpec<QueueId extends string = string> {
  readonly queue: QueueId;
  /** Highest rate of items that lasts for a minute or more, of one run. */
  readonly peakRate: RateInput;
}

export interface ScheduleFacts {
  readonly service: JobDeclaration;
  readonly cron: string;
  readonly timeZone: string;
  readonly runTime: WorkTime;
  readonly overlap: 'forbidden' | 'allowed';
  readonly attempts: number;
  readonly stopsWithin: Duration;
  readonly coldStart: Duration;
  readonly calls: readonly RunCall[];
  readonly publishes: readonly RunPublish[];
  readonly resources: ResolvedResources;
  /** From one run to the next, at the least. */
  readonly shortestInterval: Duration;
  readonly startWithin: Duration | undefined;
}

export interface RunCall {
  readonly role: string;
  readonly engine: string;
  readonly peakRate: Rate;
}

export interface RunPublish {
  readonly role: string;
  readonly queue: string;
  readonly peakRate: Rate;
}

/** Scheduled work with every number it runs by. */
export interface ResolvedSchedule extends ScheduleFacts {
  readonly id: string;
  /** Name of its objects on every target. */
  readonly name: string;
  /** A run that could not start by then is skipped. */
  readonly startWithin: Duration;
  /** From the start of a run until it is given up, all attempts included. */
  readonly deadline: Duration;
  /** Runs at the same time, at most. */
  readonly runsAtOnce: number;
  /** From SIGTERM until a run has stopped. */
  readonly drain: Duration;
  readonly terminationGrace: Duration;
}

export function readSchedule(reader: SpecReader): ScheduleFacts | undefined {
  const service = readService(reader, 'job');
  return reader.complete<ScheduleFacts>({
    service,
    ...readCron(reader),
    timeZone: readTimeZone(reader),
    runTime: readWorkTime(reader.inner('runTime', 'required')),
    overlap: reader.choiceOr('overlap', ['forbidden', 'allowed'], 'forbidden'),
    attempts: reader.countOr('attempts', 3),
    stopsWithin: reader.unitOr('stopsWithin', Duration, '25 seconds'),
    coldStart: reader.unitOr('coldStart', Duration, '30 seconds'),
    calls: readRoles(reader, 'calls', service, (call) =>
      call.complete<Omit<RunCall, 'role'>>({ engine: call.text('engine'), peakRate: call.unit('peakRate', Rate) }),
    ),
    publishes: readRoles(reader, 'publishes', service, (publish) =>
      publish.complete<Omit<RunPublish, 'role'>>({
        queue: publish.text('queue'),
        peakRate: publish.unit('peakRate', Rate),
      }),
    ),
    resources: readResources(reader.inner('resources', 'optional')),
    startWithin: readStartWithin(reader),
  });
}

function readCron(reader: SpecReader): {
  readonly cron: string | undefined;
  readonly shortestInterval: Duration | undefined;
} {
  const cron = reader.text('cron');
  if (cron === undefined) return { cron, shortestInterval: undefined };
  const schedule = parseCron(cron);
  if (schedule === undefined) {
    reader.report(
      'schedule-malformed',
      'cron',
      cron,
      'minute, hour, day of month, month and day of week (Sunday is 0) with one space between, e.g. "0 3 * * *"',
      'write it as five fields, without a macro such as @daily and without a time zone',
    );
    return { cron, shortestInterval: undefined };
  }
  const minutes = shortestIntervalMinutes(schedule);
  if (minutes === undefined)
    reader.report('schedule-never', 'cron', cron, 'a day that some year has', 'choose a day that the month has');
  return { cron, shortestInterval: minutes === undefined ? undefined : Duration.seconds(minutes * 60) };
}

function readTimeZone(reader: SpecReader): string | undefined {
  const zone = reader.raw('timeZone') ?? 'UTC';
  if (typeof zone === 'string' && isTimeZone(zone)) return zone;
  reader.report(
    'time-zone-unknown',
    'timeZone',
    zone,
    'a name of the IANA database such as "Europe/Berlin", or "UTC"',
    'name the place whose clock it follows',
  );
  return undefined;
}

/** The controller looks every ten seconds: a shorter window may pass between two looks. */
const CONTROLLER_PERIOD = Duration.seconds(10);

function readStartWithin(reader: SpecReader): Duration | undefined {
  const startWithin = reader.optionalUnit('startWithin', Duration);
  if (startWithin !== undefined && CONTROLLER_PERIOD.isLongerThan(startWithin)) {
    reader.report(
      'value-out-of-range',
      'startWithin',
      startWithin,
      `at least ${CONTROLLER_PERIOD}, between two looks of the controller`,
      'allow a run to start a little later, or leave it out',
    );
  }
  return startWithin;
}
