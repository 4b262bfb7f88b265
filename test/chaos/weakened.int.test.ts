import { describe, expect, test } from '@jest/globals';
import { BACKBONE_KINDS, FORGETFUL } from '../../chaos/backbone.ts';
import type { Rule } from '../../chaos/check.ts';
import { experiment, type LabOptions } from '../../chaos/lab.ts';
import { type BackboneName, type Plan, type PlannedFault, planOf } from '../../chaos/plan.ts';
import { describeWith } from '../helpers/requirement.ts';

// A lab that finds nothing proves nothing, unless it finds what is there to be found: what no driver promises, each seen
// to happen.

const TIMEOUT_MS = 300_000;

const planWith = (backbone: BackboneName, ...faults: readonly PlannedFault[]): Plan => ({
  ...planOf('redis', 1),
  backbone,
  faults,
  workers: 2,
  concurrency: 4,
  publishers: 4,
  isOrdered: false,
  items: Array.from({ length: 40 }, (_, index) => ({ key: `item-${index}`, workMs: 150, failures: 0 })),
});

async function rulesBroken(plan: Plan, options: Omit<LabOptions, 'plans'> = {}): Promise<ReadonlySet<Rule>> {
  const [result] = await experiment({ ...options, plans: [plan] });
  return new Set(result?.findings.map(({ rule }) => rule));
}

const KILLED = { at: { event: 'published', count: 38 }, fault: { kind: 'kill-broker', server: 0, forMs: 0 } } as const;

describe.each([
  ['redis', 'loses what it confirmed without an append-only file'],
  ['nats', 'loses what it confirmed when its only copy loses its disk'],
  ['kafka', 'loses what it confirmed when its only copy loses its disk'],
  ['rabbitmq', 'loses what it confirmed when its only copy loses its disk'],
  ['jobs-postgres', 'loses what it confirmed without synchronous commits'],
] as const)('%s weakened', (backbone, how) => {
  describeWith(BACKBONE_KINDS[backbone].requirement, backbone, () => {
    test(
      how,
      async () => {
        const kind = FORGETFUL[backbone];
        expect(kind).toBeDefined();
        expect(await rulesBroken(planWith(backbone, KILLED), kind === undefined ? {} : { kind })).toContain('lost');
      },
      TIMEOUT_MS,
    );
  });
});

describe.each(['sqlite', 'nats', 'redis'] as const)('%s later', (backbone) => {
  describeWith(BACKBONE_KINDS[backbone].requirement, backbone, () => {
    test(
      'takes a key again when the window for duplicates is over',
      async () => {
        const again = { at: { event: 'applied', count: 30 }, fault: { kind: 'publish-again', item: 0 } } as const;
        const plan = planWith(backbone, again);
        expect(await rulesBroken(plan, { duplicateWindowMs: 100 })).toEqual(new Set(['duplicate-taken']));
      },
      TIMEOUT_MS,
    );
  });
});

test(
  'workers that write past the fence are found to have applied twice',
  async () => {
    const stopped = {
      at: { event: 'begun', count: 10 },
      fault: { kind: 'stop-worker', worker: 0, forMs: 2_000 },
    } as const;
    // Alone: whatever the others would take from it, it takes itself once it goes on.
    const plan = { ...planWith('sqlite', stopped), workers: 1 };
    expect(await rulesBroken(plan)).toEqual(new Set());
    expect(await rulesBroken(plan, { isFenced: false })).toContain('applied-twice');
  },
  TIMEOUT_MS,
);
