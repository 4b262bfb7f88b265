import type { ScriptName } from '../scripts/index.ts';

// What a job store asks of the thread that owns its file.

export interface JobThreadData {
  readonly path: string;
}

export type JobOperation =
  | { readonly kind: 'script'; readonly name: ScriptName; readonly args: readonly unknown[] }
  /** Answered when another process has committed. */
  | { readonly kind: 'watch' };
