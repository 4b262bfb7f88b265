import { expect, test } from '@jest/globals';
import { BACKBONE_KINDS } from '../../chaos/backbone.ts';
import { experiment } from '../../chaos/lab.ts';
import { type BackboneName, planOf } from '../../chaos/plan.ts';
import { lineOf } from '../../chaos/report.ts';
import { describeWith } from '../helpers/requirement.ts';

const RUNS = 3;

/** The first seeds of a backbone; `npm run chaos -- --runs 40` runs forty. */
export function testUnderFaults(backbone: BackboneName): void {
  describeWith(BACKBONE_KINDS[backbone].requirement, `${backbone} under faults`, () => {
    test(`${RUNS} runs keep every promise`, async () => {
      const plans = Array.from({ length: RUNS }, (_, seed) => planOf(backbone, seed + 1));
      const results = await experiment({ plans });
      const broken = results.filter(({ findings }) => findings.length > 0);
      expect(broken.map((result) => lineOf(result, 1, 1))).toEqual([]);
      expect(results).toHaveLength(RUNS);
      // Most faults have their moment: a lab in which nothing happens would find nothing.
      const planned = plans.flatMap(({ faults }) => faults).length;
      expect(results.flatMap(({ happened }) => happened).length).toBeGreaterThan(0.8 * planned);
    }, 600_000);
  });
}
