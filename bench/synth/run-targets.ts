import { synthesizeTargets } from '../../cli/synthesis.ts';
import { platform } from '../../stacks/platform.ts';
import type { TargetsRun } from './run.ts';

// One process: every target of the platform as it is, with all that has to be loaded for it. Prints a TargetsRun.

const targets: Record<string, number> = {};
let lastAt = 0;
for await (const { name } of synthesizeTargets(platform)) {
  const now = performance.now();
  targets[name] = now - lastAt;
  lastAt = now;
}
const run: TargetsRun = { milliseconds: { ...targets, together: lastAt } };
console.log(JSON.stringify(run));
