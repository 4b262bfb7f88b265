import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BACKBONE_KINDS } from './backbone.ts';
import { Crew } from './crew.ts';
import type { Plan } from './plan.ts';
import { perform } from './run.ts';

// Runs in a process of their own: the folder they take place in is its argument, each line that it is given is a plan, and
// each that it says is a result.

const [place = ''] = process.argv.slice(2);
await using crew = new Crew('worker.ts');
for await (const line of createInterface({ input: process.stdin })) {
  const plan = JSON.parse(line) as Plan;
  const { durability, open } = BACKBONE_KINDS[plan.backbone];
  await using backbone = await open(1);
  const folder = await mkdtemp(join(place, 'run-'));
  const stage = { backbone, durability, crew, folder, queue: 'disk', lane: 0, duplicateWindowMs: 120_000 };
  const result = await perform(plan, stage);
  await rm(folder, { recursive: true, force: true });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
