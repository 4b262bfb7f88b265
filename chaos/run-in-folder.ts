import { BACKBONE_KINDS } from './backbone.ts';
import { Crew } from './crew.ts';
import type { Plan } from './plan.ts';
import { perform } from './run.ts';

// One run in a process of its own: the plan and the folder it takes place in are its arguments, its result is printed.

const [plan, folder] = process.argv.slice(2) as [string, string];
const planned = JSON.parse(plan) as Plan;
const { durability, open } = BACKBONE_KINDS[planned.backbone];
await using backbone = await open(1);
await using crew = new Crew('worker.ts');
const result = await perform(planned, {
  backbone,
  durability,
  crew,
  folder,
  queue: 'disk',
  lane: 0,
  duplicateWindowMs: 120_000,
});
process.stdout.write(JSON.stringify(result));
