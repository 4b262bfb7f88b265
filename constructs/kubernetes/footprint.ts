import { Bytes, type ResolvedInferenceEngine, type ResolvedResources, type Topology } from '@penstock/model';
import { ROLLOUT_SURGE } from './workload.ts';

/** What one workload takes of a namespace at most. */
export interface Footprint {
  readonly pods: number;
  /** Of each pod. */
  readonly resources: ResolvedResources;
  /** Devices, or shares of one, of each pod. */
  readonly gpus: number;
}

/**
 * Every workload of a topology at its most: all replicas or runs, each of them once more while it terminates and its
 * successor runs already (a quota counts both), and the surge of a rollout.
 */
export function footprintsOf(topology: Topology): readonly Footprint[] {
  const { workers, engines, httpServices, schedules, migrations } = topology;
  return [
    ...Object.values(workers).map(({ maxReplicas, resources }) => rolledOut(maxReplicas, resources)),
    ...Object.values(engines).map(engineFootprint),
    ...Object.values(httpServices).map(({ maxReplicas, resources }) => rolledOut(maxReplicas, resources)),
    ...Object.values(schedules).map(({ runsAtOnce, resources }) => run(runsAtOnce, resources)),
    ...Object.values(migrations).map(({ resources }) => run(1, resources)),
  ];
}

export const engineFootprint = ({ replicas, resources, accelerator }: ResolvedInferenceEngine): Footprint =>
  accelerator === 'cpu'
    ? rolledOut(replicas, resources)
    : rolledOut(replicas * accelerator.nodes, resources, accelerator.devices);

const run = (atOnce: number, resources: ResolvedResources): Footprint => ({ pods: 2 * atOnce, resources, gpus: 0 });

/** Of a Deployment that is always there. */
export const rolledOut = (pods: number, resources: ResolvedResources, gpus = 0): Footprint => ({
  pods: 2 * pods + ROLLOUT_SURGE,
  resources,
  gpus,
});

/** What all pods of all of them take together. */
export function totalOf(footprints: readonly Footprint[]): Footprint {
  return footprints.reduce<Footprint>(
    (sum, { pods, resources, gpus }) => ({
      pods: sum.pods + pods,
      resources: {
        cpu: sum.resources.cpu + resources.cpu * pods,
        memory: sum.resources.memory.plus(resources.memory.times(pods)),
        ephemeralStorage: sum.resources.ephemeralStorage.plus(resources.ephemeralStorage.times(pods)),
      },
      gpus: sum.gpus + gpus * pods,
    }),
    { pods: 0, resources: { cpu: 0, memory: Bytes.parse('0 B'), ephemeralStorage: Bytes.parse('0 B') }, gpus: 0 },
  );
}
