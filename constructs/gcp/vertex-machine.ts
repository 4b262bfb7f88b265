import { type GkeGpuMachine, type GpuClass, machineFor, Ratio, type RatioInput } from '@penstock/model';
import type { Input } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';

/** Machines without devices that serve predictions, of the general families of its list. */
export type VertexCpuMachine =
  | `e2-standard-${2 | 4 | 8 | 16 | 32}`
  | `e2-highmem-${2 | 4 | 8 | 16}`
  | `n1-standard-${2 | 4 | 8 | 16 | 32}`
  | `n1-highmem-${2 | 4 | 8 | 16 | 32}`;

/** A machine of Google Cloud with devices of its class. */
export type VertexGpuMachine = {
  [C in GpuClass]: {
    readonly gpu: C;
    readonly machine: GkeGpuMachine<C>;
    /** Devices of one replica; with half of the machine's or fewer, replicas share it. @default - all of the machine */
    readonly devices?: number;
    /** Replicas are added where one of these is passed. @default - 60 % of both, by Vertex AI itself */
    readonly scaleAt?: { readonly cpuUtilization?: RatioInput; readonly acceleratorDutyCycle?: RatioInput };
  };
}[GpuClass];

/** What one replica runs on. */
export type VertexMachine =
  | VertexGpuMachine
  | {
      readonly gpu?: never;
      readonly machine: VertexCpuMachine;
      readonly devices?: never;
      /** Replicas are added where this is passed. @default - 60 %, by Vertex AI itself */
      readonly scaleAt?: { readonly cpuUtilization?: RatioInput; readonly acceleratorDutyCycle?: never };
    };

/** One or more: nothing in the provider lets a deployment sleep at zero replicas. */
export type AtLeastOne<N extends number> = N extends 0 ? never : N;

/** All of `max` counts against the quota of devices and cores, whether it runs or not. */
export interface VertexReplicas<Min extends number = number> {
  readonly min: AtLeastOne<Min>;
  readonly max: number;
}

/** How the machines are bought. */
export type VertexCapacity =
  | { readonly type: 'on-demand' }
  | { readonly type: 'spot' }
  /** Reservations of Compute Engine, by their full names. */
  | { readonly type: 'reserved'; readonly reservations: readonly [Input<string>, ...Input<string>[]] };

/** As the API takes it. */
export interface MachineSpec {
  readonly machineType: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
}

export interface DedicatedResources {
  readonly machineSpec: MachineSpec;
  readonly minReplicaCount: number;
  readonly maxReplicaCount: number;
  readonly autoscalingMetricSpecs?: { readonly metricName: string; readonly target: number }[];
}

const METRICS = {
  cpuUtilization: 'aiplatform.googleapis.com/prediction/online/cpu/utilization',
  acceleratorDutyCycle: 'aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle',
} as const;

/**
 * @throws {ConstructError} `machine-unfit` for devices that the machine has not, `quantity-malformed` for replicas or
 *   targets out of bounds
 * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
 */
export function dedicatedResources(path: string, machine: VertexMachine, replicas: VertexReplicas): DedicatedResources {
  const { min, max } = replicas;
  checkReplicas(path, replicas);
  const autoscalingMetricSpecs = scalingOf(path, machine);
  return {
    machineSpec: machineSpecOf(path, machine),
    minReplicaCount: min,
    maxReplicaCount: max,
    ...(autoscalingMetricSpecs.length === 0 ? {} : { autoscalingMetricSpecs }),
  };
}

/** @throws {ConstructError} `quantity-malformed` */
export function checkReplicas(path: string, { min, max }: VertexReplicas): void {
  if (!Number.isInteger(min) || min < 1)
    throw malformed(`${path}.replicas.min`, min, 'a whole number from 1: Vertex AI keeps one replica at least');
  if (!Number.isInteger(max) || max < min) throw malformed(`${path}.replicas.max`, max, `a whole number from ${min}`);
}

/**
 * True where the machine is sold by the hour, without a reservation and without being taken back.
 *
 * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
 */
const soldOnDemand = ({ gpu, machine }: VertexMachine): boolean =>
  gpu === undefined || machineFor('gke', machine as GkeGpuMachine, gpu as GpuClass).onDemand;

/** @throws {ConstructError} `machine-unfit` for a machine that is not sold so */
export function checkCapacity(path: string, machine: VertexMachine, capacity: VertexCapacity): void {
  if (capacity.type === 'on-demand' && !soldOnDemand(machine))
    throw new ConstructError(
      'machine-unfit',
      `${path}.capacity`,
      `${machine.machine} is not sold on demand, expected spot or reservations`,
    );
}

function machineSpecOf(path: string, { gpu, machine, devices }: VertexMachine): MachineSpec {
  if (gpu === undefined) return { machineType: machine };
  const { vertex, gpus } = machineFor('gke', machine as GkeGpuMachine, gpu as GpuClass);
  const acceleratorCount = devices ?? gpus;
  if (!Number.isInteger(acceleratorCount) || acceleratorCount < 1 || acceleratorCount > gpus)
    throw new ConstructError(
      'machine-unfit',
      `${path}.devices`,
      `received ${acceleratorCount}, expected 1 to the ${gpus} of ${machine}`,
    );
  return { machineType: machine, acceleratorType: vertex, acceleratorCount };
}

function scalingOf(path: string, { gpu, scaleAt = {} }: VertexMachine): { metricName: string; target: number }[] {
  if (gpu === undefined && scaleAt.acceleratorDutyCycle !== undefined)
    throw new ConstructError('machine-unfit', `${path}.scaleAt`, 'acceleratorDutyCycle of a machine without devices');
  return (['cpuUtilization', 'acceleratorDutyCycle'] as const).flatMap((metric) => {
    const written = scaleAt[metric];
    if (written === undefined) return [];
    return [{ metricName: METRICS[metric], target: wholePercents(`${path}.scaleAt.${metric}`, written) }];
  });
}

/** @throws {ConstructError} `quantity-malformed` for parts of a per cent, and for none */
export function wholePercents(path: string, written: RatioInput): number {
  const ratio = Ratio.is(written) ? written : Ratio.parse(written);
  // 29 % is 28.999... times a hundredth.
  const percents = Number((ratio.value * 100).toPrecision(12));
  if (Number.isInteger(percents) && percents >= 1) return percents;
  throw malformed(path, String(written), 'whole per cents from 1%');
}

const malformed = (path: string, received: unknown, expected: string): ConstructError =>
  new ConstructError('quantity-malformed', path, `received ${received}, expected ${expected}`);

/** Of the machine: which reservations it is taken from. */
export const reservationAffinity = (capacity: VertexCapacity) =>
  capacity.type === 'reserved'
    ? {
        reservationAffinity: {
          reservationAffinityType: 'SPECIFIC_RESERVATION',
          key: 'compute.googleapis.com/reservation-name',
          values: [...capacity.reservations],
        },
      }
    : {};
