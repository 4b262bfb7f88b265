import { ModelError } from '../violations.ts';
import type { GpuClass } from './classes.ts';

/** What the type checker would have refused, had it seen it. */
export const mismatch = (path: string, received: string, gpu: GpuClass, legal: readonly string[]): ModelError =>
  new ModelError([
    {
      code: 'accelerator-mismatch',
      path,
      received,
      expected: `what ${gpu} has: ${legal.length === 0 ? 'none' : legal.join(', ')}`,
      repair: legal.length === 0 ? 'choose another class' : 'choose one of these, or another class',
    },
  ]);
