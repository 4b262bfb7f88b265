// The five fields of cron as the CronJob controller reads them: numbers, names of months and days, lists, ranges and
// steps. Its other spellings (`@daily`, `?`, a zone in front) say nothing that these do not, so they are refused.

/** When something runs, by the clock of its time zone. */
export interface CronSchedule {
  /** Minutes after midnight, ascending. */
  readonly minutesOfDay: readonly number[];
  readonly daysOfMonth: CronField;
  readonly months: CronField;
  readonly daysOfWeek: CronField;
}

interface CronField {
  readonly values: ReadonlySet<number>;
  /** True for a field with a plain `*` in it, which leaves the choice of days to the other field of days. */
  readonly isOpen: boolean;
}

interface FieldBounds {
  readonly least: number;
  readonly most: number;
  /** In place of the numbers, from `least` on. */
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const MINUTE: FieldBounds = { least: 0, most: 59, names: [] };
const HOUR: FieldBounds = { least: 0, most: 23, names: [] };
const DAY_OF_MONTH: FieldBounds = { least: 1, most: 31, names: [] };
const MONTH: FieldBounds = { least: 1, most: 12, names: MONTHS };
// Sunday is 0 and nothing else: the controller refuses the 7 of other crons.
const DAY_OF_WEEK: FieldBounds = { least: 0, most: 6, names: DAYS };

const MINUTES_A_DAY = 1_440;
const MINUTES_AN_HOUR = 60;
const DAY_MS = 86_400_000;
/** Leap years and weekdays come in every order they can within 28 years; from a leap year on, 29 February is seen twice. */
const CALENDAR = { from: Date.UTC(2000, 0, 1), days: 28 * 365.25 + 366 };

/** The schedule, or undefined when the text is not five fields of cron. */
export function parseCron(text: string): CronSchedule | undefined {
  const fields = text.split(' ');
  if (fields.length !== 5) return undefined;
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fields;
  const minutes = parseField(minute, MINUTE);
  const hours = parseField(hour, HOUR);
  const daysOfMonth = parseField(dayOfMonth, DAY_OF_MONTH);
  const months = parseField(month, MONTH);
  const daysOfWeek = parseField(dayOfWeek, DAY_OF_WEEK);
  if (!minutes || !hours || !daysOfMonth || !months || !daysOfWeek) return undefined;
  const minutesOfDay = [...hours.values]
    .flatMap((each) => [...minutes.values].map((past) => each * MINUTES_AN_HOUR + past))
    .toSorted((a, b) => a - b);
  return { minutesOfDay, daysOfMonth, months, daysOfWeek };
}

function parseField(text: string, bounds: FieldBounds): CronField | undefined {
  const parts = text.split(',').map((part) => parsePart(part, bounds));
  return parts.some((part) => part === undefined)
    ? undefined
    : {
        values: new Set(parts.flatMap((part) => part?.values ?? [])),
        isOpen: parts.some((part) => part?.isOpen === true),
      };
}

/** `*`, `5`, `1-5`, each with a step behind it; `5/10` goes on to the end of the field. */
function parsePart(
  text: string,
  { least, most, names }: FieldBounds,
): { readonly values: readonly number[]; readonly isOpen: boolean } | undefined {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, star, first, last, stepText] = match;
  const numberOf = (word: string): number => {
    const named = names.indexOf(word.toLowerCase());
    return named === -1 ? (/^\d{1,2}$/.test(word) ? Number(word) : Number.NaN) : named + least;
  };
  const step = stepText === undefined ? 1 : Number(stepText);
  const from = first === undefined ? least : numberOf(first);
  const to = last !== undefined ? numberOf(last) : star !== undefined || stepText !== undefined ? most : from;
  if (!(step >= 1 && from >= least && to <= most && from <= to)) return undefined;
  const values = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
  return { values, isOpen: star !== undefined && step === 1 };
}

/**
 * Minutes from one time to the next, at the least; undefined when there is no such day. By the clock on the wall: where
 * summer time begins, one interval of the year is an hour shorter.
 */
export function shortestIntervalMinutes(schedule: CronSchedule): number | undefined {
  const { minutesOfDay } = schedule;
  const daysApart = shortestDaysApart(schedule);
  if (daysApart === undefined) return undefined;
  const [first = 0] = minutesOfDay;
  const overNight = daysApart * MINUTES_A_DAY - ((minutesOfDay.at(-1) ?? first) - first);
  const withinDay = minutesOfDay.slice(1).map((minute, n) => minute - (minutesOfDay[n] ?? first));
  return Math.min(overNight, ...withinDay);
}

/** Days from one day of the schedule to the next, at the least. */
function shortestDaysApart(schedule: CronSchedule): number | undefined {
  const days = Array.from({ length: CALENDAR.days }, (_, day) => day).filter((day) =>
    runsOn(schedule, new Date(CALENDAR.from + day * DAY_MS)),
  );
  return days.length < 2 ? undefined : Math.min(...days.slice(1).map((day, n) => day - (days[n] ?? day)));
}

/** Where both fields of days are restricted, one of them is enough: the oldest surprise of cron. */
function runsOn({ daysOfMonth, months, daysOfWeek }: CronSchedule, date: Date): boolean {
  if (!months.values.has(date.getUTCMonth() + 1)) return false;
  const byMonth = daysOfMonth.values.has(date.getUTCDate());
  const byWeek = daysOfWeek.values.has(date.getUTCDay());
  return daysOfMonth.isOpen || daysOfWeek.isOpen ? byMonth && byWeek : byMonth || byWeek;
}

/** Areas and cities of the IANA database begin with a capital; what is written otherwise is found on some systems only. */
const ZONE = /^(?:UTC|[A-Z][A-Za-z_]+(?:\/[A-Z][\w+-]*)+)$/;

/** True for a name of the IANA database, e.g. `Europe/Berlin`; an offset or an abbreviation is none. */
export function isTimeZone(name: string): boolean {
  if (!ZONE.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
