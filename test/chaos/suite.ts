import { expect, test } from '@jest/globals';
import { BACKBONE_KINDS } from '../../chaos/backbone.ts';
import { experiment } from '../../chaos/lab.ts';
import { type BackboneName, planOf } from '../../chaos/plan.ts';
import { lineOf } from '../../chaos/report.ts';
import { describeWith } from '../helpers/requirement.ts';

const RUNS = 3;

/**
 * The first seeds of a backbone; `npm run chaos -- --runs 40` runs forty.
 *
 * @param found seeds that once broke a promise
 */
export function testUnderFaults(backbone: BackboneName, found: readonly number[] = []): void {
  describeWith(BACKBONE_KINDS[backbone].requirement, `${backbone} under faults`, () => {
    const seeds = [...Array.from({ length: RUNS }, (_, seed) => seed + 1), ...found];
    test(`${seeds.length} runs keep every promise`, async () => {
      const plans = seeds.map((seed) => planOf(backbone, seed));
      const results = await experiment({ plans });
      const broken = results.filter(({ findings }) => findings.length > 0);
      expect(broken.map((result) => lineOf(result, 1, 1))).toEqual([]);
      expect(results).toHaveLength(seeds.length);
      // Most faults have their moment: a lab in which nothing happens would find nothing.
      const planned = plans.flatMap(({ faults }) => faults).length;
      expect(results.flatMap(({ happened }) => happened).length).toBeGreaterThan(0.8 * planned);
    }, 600_000);
  });
}
