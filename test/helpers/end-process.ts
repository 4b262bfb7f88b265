import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Sends a signal and waits until the process is gone; nothing to do for one that is gone, or never was. */
export async function endProcess(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
