import type { AwsGpuMachine, Topology } from '@penstock/model';
import type { AwsEnvironment } from '../environments/aws-environment.ts';
import { type GpuPool, gpuPoolsOf } from '../gpu-pools.ts';
import { servedByCluster } from './served-engines.ts';

/** The pools of machines that engines in the cluster run on. */
export const machinePools = (topology: Topology, environment: AwsEnvironment): readonly GpuPool<'aws'>[] =>
  gpuPoolsOf('aws', servedByCluster(topology, environment), environment.workloads.machines);

/** Zones that a machine is bought in: that of its reservation, or those that were stated. Nothing where none were. */
export function zonesFor(
  machine: AwsGpuMachine,
  { cluster, network }: AwsEnvironment,
): { readonly zones?: readonly [string, ...string[]] } {
  const reserved = cluster.reservations?.[machine]?.zone;
  const stated = reserved === undefined ? cluster.offerings?.[machine] : [reserved];
  const [first, ...others] = network.zones.filter((zone) => stated?.includes(zone));
  return first === undefined ? {} : { zones: [first, ...others] };
}
