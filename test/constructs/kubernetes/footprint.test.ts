import { expect, test } from '@jest/globals';
import { artifactsOf } from '../../../constructs/artifacts.ts';
import { footprintsOf } from '../../../constructs/kubernetes/footprint.ts';
import { shop } from './shop.ts';

test('a namespace has room for every workload twice: once more while it goes and its successor is there', () => {
  const { workers, engines, httpServices } = shop();
  const pods = footprintsOf(shop()).map((footprint) => footprint.pods);
  expect(pods).toEqual([
    2 * workers.ship.maxReplicas + 1,
    2 * engines.ranker.replicas + 1,
    2 * httpServices.api.maxReplicas + 1,
    // One run, and the one before that is still ending; a migration as well. Neither is rolled out.
    2,
    2,
  ]);
});

test('a namespace has room for the runs that may overlap', () => {
  // Given up after 5520 s and begun every 1800 s: 4 at once.
  expect(footprintsOf(shop({ sweep: { overlap: 'allowed' } })).at(3)?.pods).toBe(8);
});

test('every image of the platform is one to be built, those of its jobs included', () => {
  expect(artifactsOf(shop()).services).toEqual(['engine', 'front', 'schema', 'shipper', 'sweep']);
});
