import { parseArgs } from 'node:util';
import { describeFailure, simulate } from './shrink.ts';

// npm run simulate -- [--seeds 1000] [--from 1]

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' } },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const startedAt = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  const failing = await simulate(seed);
  if (failing !== undefined) {
    console.error(describeFailure(failing));
    process.exit(1);
  }
}
const seconds = (performance.now() - startedAt) / 1_000;
console.log(`${seeds} seeds from ${from} hold, ${seconds.toFixed(1)} s`);
