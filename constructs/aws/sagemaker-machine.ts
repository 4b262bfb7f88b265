import { type AwsGpuMachine, type AwsMachine, GPU_MACHINES, type ResolvedInferenceEngine } from '@penstock/model';
import { ConstructError } from '../errors.ts';

/** Machines that SageMaker serves models on: its enumeration `ProductionVariantInstanceType`, as far as we know them. */
export type SageMakerMachine = `ml.${Exclude<AwsGpuMachine, 'g4dn.metal' | `g5g.${string}` | `gr6.${string}`>}`;

/**
 * How many copies of an engine one machine holds, each with its devices to itself.
 *
 * @throws {ConstructError} `machine-unfit` for a machine whose devices are others, too few, or would lie idle
 */
export function copiesOn(engine: ResolvedInferenceEngine, machine: SageMakerMachine): number {
  const { accelerator } = engine;
  const facts = GPU_MACHINES.find((each): each is AwsMachine => each.cloud === 'aws' && `ml.${each.name}` === machine);
  const unfit = (message: string) => new ConstructError('machine-unfit', `engines.${engine.id} on ${machine}`, message);
  if (facts === undefined) throw unfit('is no machine of the catalogue');
  if (accelerator === 'cpu') throw unfit('computes on CPUs, expected an engine on GPUs');
  const { gpu, devices, nodes, sharedBy, mig } = accelerator;
  if (nodes > 1 || sharedBy > 1 || mig !== undefined)
    throw unfit('is shared, sliced or spread over nodes, expected whole devices of one machine');
  if (facts.gpu !== gpu) throw unfit(`has devices of ${facts.gpu}, expected ${gpu}`);
  if (facts.gpus % devices !== 0) throw unfit(`has ${facts.gpus} devices, expected a multiple of ${devices}`);
  return facts.gpus / devices;
}
