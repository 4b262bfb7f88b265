import { beforeAll, expect, test } from '@jest/globals';
import { environments } from '../../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../../stacks/kubernetes/synthesize.ts';
import { platform } from '../../../stacks/platform.ts';
import { apiWithJobs } from '../../examples/api-with-jobs.ts';
import { manifestsOf } from '../../examples/index.ts';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { SETS } from './cases/sets.ts';
import { isLeaf, mutantOf, placesOf } from './mutant.ts';
import { REFUSED } from './not-safety.ts';

describeWith(realData, 'the schemas of the API server', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  const prod = synthesizeKubernetes(platform, environments.prod);
  const sets = [prod, manifestsOf(apiWithJobs()), ...SETS.map(({ compliant }) => compliant)];

  test('refuse every object without a field that is on the list for that reason', () => {
    const places = sets.flatMap(placesOf).filter(isLeaf);
    const listed = places.filter(({ field }) => REFUSED.fields.some((pattern) => pattern.test(field)));
    expect(listed.length).toBeGreaterThan(50);
    const taken = listed.filter((place) => {
      const mutant = mutantOf(place)[place.all.indexOf(place.manifest)];
      return mutant !== undefined && schemas.faultsOf(mutant).length === 0;
    });
    expect([...new Set(taken.map(({ field }) => field))]).toEqual([]);
  });
});
