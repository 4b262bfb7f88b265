import { Bytes, type ResolvedResources, type Topology } from '@penstock/model';
import { ROLLOUT_SURGE } from './workload.ts';

/** What one workload takes of a namespace at most. */
export interface Footprint {
  readonly pods: number;
  readonly resources: ResolvedResources;
}

/**
 * Every workload of a topology at its most: all replicas, each of them once more while it terminates and its successor
 * runs already (a quota counts both), and the surge of a rollout.
 */
export function footprintsOf(topology: Topology): readonly Footprint[] {
  const workers = Object.values(topology.workers).map(({ maxReplicas, resources }) => ({
    most: maxReplicas,
    resources,
  }));
  const engines = Object.values(topology.engines).map(({ replicas, resources }) => ({ most: replicas, resources }));
  return [...workers, ...engines].map(({ most, resources }) => ({ pods: 2 * most + ROLLOUT_SURGE, resources }));
}

/** All of them together. */
export function totalOf(footprints: readonly Footprint[]): Footprint {
  return footprints.reduce<Footprint>(
    (sum, { pods, resources }) => ({
      pods: sum.pods + pods,
      resources: {
        cpu: sum.resources.cpu + resources.cpu * pods,
        memory: sum.resources.memory.plus(resources.memory.times(pods)),
        ephemeralStorage: sum.resources.ephemeralStorage.plus(resources.ephemeralStorage.times(pods)),
      },
    }),
    { pods: 0, resources: { cpu: 0, memory: Bytes.parse('0 B'), ephemeralStorage: Bytes.parse('0 B') } },
  );
}
