import type { GpuClass, Topology } from '@penstock/model';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { GkeCluster } from '../../constructs/gcp/gke-cluster.ts';
import type { GpuCapacity } from '../../constructs/gcp/gpu-capacity.ts';
import { GpuNodePool, type GpuNodePoolArgs } from '../../constructs/gcp/gpu-node-pool.ts';
import { gpuPoolsOf } from '../gpu-pools.ts';
import type { GcpEnvironment, PoolForm } from './environment.ts';

/**
 * A pool for each machine and way of sharing its devices that the engines of a topology need, grown as far as all of them
 * at their most need it, and empty while nothing runs.
 *
 * @throws {ConstructError} `reference-missing` for an engine on GPUs without a machine, `machine-unfit`, and what
 *   `GpuNodePool` throws
 */
export function gpuNodePools(
  topology: Topology,
  { workloads, pools, zones }: GcpEnvironment,
  cluster: GkeCluster,
  options: ComponentResourceOptions,
): readonly GpuNodePool[] {
  return gpuPoolsOf('gke', topology, workloads.machines).map(({ name, machine, sharing, devices }) => {
    const form: PoolForm = pools[machine.name] ?? { type: 'on-demand', zones };
    const size = { max: Math.ceil(devices / machine.gpus) };
    const args = {
      cluster,
      gpu: machine.gpu,
      // The catalogue holds machine and class together; which of the classes it is, is known only here.
      capacity: { ...form, machine: machine.name, size } as GpuCapacity<GpuClass>,
      ...(sharing === undefined ? {} : { sharing }),
    };
    return new GpuNodePool(name, args as GpuNodePoolArgs<GpuClass>, options);
  });
}
