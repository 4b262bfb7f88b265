import type { Script } from '../script.ts';
import { add } from './add.ts';
import { begin, heartbeat, keepStep, settle } from './attempt.ts';
import { cancel } from './cancel.ts';
import { counts } from './counts.ts';
import { inspect } from './inspect.ts';
import { list } from './list.ts';
import { pause, resume } from './pause.ts';
import { redrive, redriveAll } from './redrive.ts';

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
};

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptArguments<Name extends ScriptName> = Parameters<(typeof SCRIPTS)[Name]>;
export type ScriptResult<Name extends ScriptName> =
  ReturnType<(typeof SCRIPTS)[Name]> extends Script<infer Result> ? Result : never;
