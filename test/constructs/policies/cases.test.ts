import { beforeAll, expect, test } from '@jest/globals';
import { ApiSchemas, realData } from '../../helpers/manifests.ts';
import { describeWith } from '../../helpers/requirement.ts';
import { SETS } from './cases/sets.ts';

// A policy is worth what its compliant case is worth: each has to be one that the API server would take.
describeWith(realData, 'the schemas of the API server', () => {
  let schemas: ApiSchemas;
  beforeAll(() => {
    schemas = new ApiSchemas();
  });

  test.each(SETS.map((set) => [set.name, set.compliant] as const))('take every object of %s', (_name, compliant) => {
    expect(
      compliant.flatMap((manifest) => schemas.faultsOf(manifest).map((fault) => `${manifest.kind} ${fault}`)),
    ).toEqual([]);
  });

  test('reject a field that none of them knows', () => {
    const objects = SETS.flatMap(({ compliant }) => compliant).filter((manifest) => manifest['spec'] !== undefined);
    const broken = objects.map((each) => ({ ...each, spec: { ...(each['spec'] as object), replicaz: 3 } }));
    expect(broken.filter((each) => schemas.faultsOf(each).length === 0).map(({ kind }) => kind)).toEqual([]);
  });
});
