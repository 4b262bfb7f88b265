import type { Script } from '../script.ts';
import { add } from './add.ts';
import { begin, heartbeat, keepStep, settle } from './attempt.ts';
import { report } from './breaker.ts';
import { cancel } from './cancel.ts';
import { bound } from './count.ts';
import { counts } from './counts.ts';
import { inspect } from './inspect.ts';
import { lead, leaderOf, resign } from './lead.ts';
import { list } from './list.ts';
import { measure } from './measure.ts';
import { pause, resume } from './pause.ts';
import { purge } from './purge.ts';
import { handBack, reclaim } from './reclaim.ts';
import { redrive, redriveAll } from './redrive.ts';
import { outstanding, release } from './release.ts';
import { listSchedules, putSchedule, removeSchedule, scheduleNamed, tick } from './schedule.ts';

/** Every transaction there is, by the name it crosses threads under. */
export const SCRIPTS = {
  add,
  begin,
  heartbeat,
  settle,
  keepStep,
  cancel,
  pause,
  resume,
  inspect,
  list,
  redrive,
  redriveAll,
  counts,
  lead,
  leaderOf,
  resign,
  release,
  outstanding,
  reclaim,
  handBack,
  report,
  putSchedule,
  removeSchedule,
  listSchedules,
  scheduleNamed,
  tick,
  bound,
  measure,
  purge,
};

/** Whether a script may give a dispatcher or a worker something to do: make jobs ready, free a place, ask for a cancel. */
export const WAKES: Readonly<Record<keyof typeof SCRIPTS, boolean>> = {
  add: true,
  begin: false,
  heartbeat: false,
  settle: true,
  keepStep: true,
  cancel: true,
  pause: false,
  resume: true,
  inspect: false,
  list: false,
  redrive: true,
  redriveAll: true,
  counts: false,
  lead: false,
  leaderOf: false,
  resign: true,
  release: false,
  outstanding: false,
  reclaim: false,
  handBack: false,
  report: true,
  putSchedule: true,
  removeSchedule: false,
  listSchedules: false,
  scheduleNamed: false,
  tick: true,
  bound: false,
  measure: false,
  purge: false,
};

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArguments<Name extends ScriptName> = Parameters<(typeof SCRIPTS)[Name]>;
export type ScriptResult<Name extends ScriptName> =
  ReturnType<(typeof SCRIPTS)[Name]> extends Script<infer Result> ? Result : never;
