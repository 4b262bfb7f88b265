import { type Plan, planOf } from './plan.ts';
import { World } from './world.ts';

export interface Failing {
  readonly plan: Plan;
  readonly violations: readonly string[];
  readonly events: readonly string[];
}

/** Runs a plan. @returns nothing when all was as it must be */
export async function trial(plan: Plan): Promise<Failing | undefined> {
  const { violations, events } = await new World(plan).run();
  return violations.length === 0 ? undefined : { plan, violations, events };
}

/** A smaller plan that still fails, by leaving out what it does not need. */
export async function shrink(failing: Failing): Promise<Failing> {
  let least = failing;
  for (let size = Math.ceil(failing.plan.wishes.length / 2); size >= 1; ) {
    let hasShrunk = false;
    for (let at = 0; at < least.plan.wishes.length; ) {
      const wishes = least.plan.wishes.toSpliced(at, size);
      const smaller = await trial({ ...least.plan, wishes });
      if (smaller === undefined) at += size;
      else {
        least = smaller;
        hasShrunk = true;
      }
    }
    if (!hasShrunk) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  for (const easier of [{ faults: 0 }, { hasSchedule: false }]) {
    const smaller = await trial({ ...least.plan, ...easier });
    if (smaller !== undefined) least = smaller;
  }
  return least;
}

export async function simulate(seed: number): Promise<Failing | undefined> {
  const failing = await trial(planOf(seed));
  return failing === undefined ? undefined : await shrink(failing);
}

export const describeFailure = ({ plan, violations, events }: Failing): string =>
  [`seed ${plan.seed}: ${violations.join('; ')}`, ...events].join('\n');
