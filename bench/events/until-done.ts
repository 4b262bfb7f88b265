import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 2;

/** Looks often enough that it does not show beside what is measured. */
export async function untilDone(isDone: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isDone())) await pause(LOOK_MS);
}
