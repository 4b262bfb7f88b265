import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const PHASES = ['model', 'constructs', 'cdk8s', 'policies', 'together'] as const;

/** One synthesis of a grown platform, from its declaration to the last policy. */
export interface GrownRun {
  readonly objects: number;
  readonly milliseconds: Readonly<Record<(typeof PHASES)[number], number>>;
}

/** One synthesis of all targets, by target; the first includes the start of the process. */
export interface TargetsRun {
  readonly milliseconds: Readonly<Record<string, number>>;
}

const execute = promisify(execFile);

/** Runs a script of this folder in a process of its own, and reads what it prints. */
async function runAlone<T>(script: string, ...args: readonly string[]): Promise<T> {
  const { stdout } = await execute(process.execPath, [join(import.meta.dirname, script), ...args]);
  return JSON.parse(stdout) as T;
}

export const runGrown = (workloads: number): Promise<GrownRun> => runAlone('run-grown.ts', String(workloads));

export const runTargets = (): Promise<TargetsRun> => runAlone('run-targets.ts');
