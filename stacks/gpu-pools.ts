import {
  clientsOf,
  GPU_MACHINES,
  type GpuCloud,
  type GpuMachine,
  type GpuSharing,
  type ResolvedInferenceEngine,
  sharingName,
  type Topology,
} from '@penstock/model';
import { ConstructError } from '../constructs/errors.ts';
import { engineFootprint } from '../constructs/kubernetes/footprint.ts';
import { sharingOf } from '../constructs/kubernetes/index.ts';
import type { KubernetesEnvironment } from './environments/index.ts';

type MachineOf<C extends GpuCloud> = Extract<GpuMachine, { readonly cloud: C }>;

/** Machines of one type that share their devices in one way: what the engines on them have in common. */
export interface GpuPool<C extends GpuCloud> {
  /** e.g. `g6e-xlarge-whole`. */
  readonly name: string;
  readonly machine: MachineOf<C>;
  /** Undefined where a pod has its devices to itself. */
  readonly sharing: GpuSharing | undefined;
  /** Devices for all its engines at their most, with what a rollout takes beside. */
  readonly devices: number;
}

/**
 * The pools that the engines of a topology run in, by the machine that each was given; none without an engine on GPUs.
 *
 * @throws {ConstructError} `reference-missing` for an engine on GPUs without a machine, `machine-unfit` for a machine of
 *   another cloud
 */
export function gpuPoolsOf<C extends GpuCloud>(
  cloud: C,
  topology: Topology,
  machines: KubernetesEnvironment['machines'] = {},
): readonly GpuPool<C>[] {
  const pools = new Map<string, GpuPool<C>>();
  for (const engine of Object.values<ResolvedInferenceEngine>(topology.engines)) {
    if (engine.accelerator === 'cpu') continue;
    const machine = machineOf(cloud, engine.id, machines[engine.id]);
    const sharing = sharingOf(engine.accelerator);
    const name = `${machine.name}-${sharingName(sharing)}`.replaceAll('.', '-');
    const { pods, gpus } = engineFootprint(engine);
    const devices = Math.ceil((pods * gpus) / clientsOf(machine.gpu, sharing));
    pools.set(name, { name, machine, sharing, devices: devices + (pools.get(name)?.devices ?? 0) });
  }
  return [...pools.values()];
}

const CLOUDS = { aws: 'Amazon EC2', gke: 'Google Cloud' } as const satisfies Readonly<Record<GpuCloud, string>>;

function machineOf<C extends GpuCloud>(cloud: C, engine: string, name: GpuMachine['name'] | undefined): MachineOf<C> {
  if (name === undefined)
    throw new ConstructError('reference-missing', `engines.${engine}`, 'no machine, expected one that its GPUs are in');
  const machine = GPU_MACHINES.find((each): each is MachineOf<C> => each.name === name && each.cloud === cloud);
  if (machine !== undefined) return machine;
  throw new ConstructError(
    'machine-unfit',
    `engines.${engine}`,
    `received ${name}, expected a machine of ${CLOUDS[cloud]}`,
  );
}
