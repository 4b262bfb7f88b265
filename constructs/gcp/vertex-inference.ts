import {
  Duration,
  describeAccelerator,
  encodeProfile,
  engineProfile,
  type GkeGpuMachine,
  type GpuClass,
  type GpuShare,
  machineFor,
  PROFILE_VARIABLE,
  type ResolvedInferenceEngine,
  shareOf,
  type Topology,
} from '@penstock/model';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import type { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { VertexContainer } from './vertex-container.ts';
import { VertexEndpoint, type VertexEndpointArgs } from './vertex-endpoint.ts';
import type { AtLeastOne, VertexCpuMachine, VertexMachine } from './vertex-machine.ts';
import { VertexModel, type VertexModelArgs } from './vertex-model.ts';

/** What of a server does not follow from its engine. */
export type InferenceContainer = Pick<
  VertexContainer,
  'image' | 'command' | 'args' | 'env' | 'predictRoute' | 'healthRoute'
>;

export interface VertexInferenceArgs<Min extends number = number>
  extends Pick<
    VertexModelArgs,
    'project' | 'artifacts' | 'serviceAccount' | 'encryptionKey' | 'labels' | 'traffic' | 'provider'
  > {
  readonly topology: Topology;
  /** Id of an engine of the topology. */
  readonly engine: string;
  /** Region, e.g. `europe-west4`. */
  readonly location: string;
  /** With devices of the engine's class, or without any for an engine on processors. */
  readonly machine: GkeGpuMachine | VertexCpuMachine;
  readonly container: InferenceContainer;
  /** Kept when there is little to do. @default - as many as carry the peak */
  readonly atLeast?: AtLeastOne<Min>;
  readonly access: VertexEndpointArgs['access'];
  /** @default - nothing is kept */
  readonly requestLog?: NonNullable<VertexEndpointArgs['requestLog']>;
}

/**
 * An inference engine of the topology, served by Vertex AI: an endpoint and the engine's model behind it, with the
 * replicas, the devices and the times of the model.
 */
export class VertexInference<Min extends number = number> extends ComponentResource {
  /** The constructs it is made of. */
  readonly nodes: { readonly endpoint: VertexEndpoint; readonly model: VertexModel };
  /** As `VertexEndpoint.address`. */
  readonly address: Binding<Output<string>> | undefined;

  /**
   * @throws {ConstructError} `machine-unfit` for an engine that Vertex AI cannot serve (a slice, a shared device, a replica
   *   over several nodes) or a machine that has not what a replica needs; `reference-missing` for an engine that is not
   *   there; and what `VertexModel` throws
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the engine's class
   */
  constructor(name: string, args: VertexInferenceArgs<Min>, options: ComponentResourceOptions = {}) {
    const { topology, location, access, encryptionKey, requestLog, labels } = args;
    const engine = topology.engines[args.engine];
    if (engine === undefined)
      throw new ConstructError('reference-missing', 'engine', `${args.engine} is not in ${topology.name}`);
    const machine = machineOf(engine, args.machine);
    super('penstock:gcp:VertexInference', name, {}, options);
    const shared = encryptionKey === undefined ? {} : { encryptionKey };
    const owned: Record<string, Input<string>> = { ...labels, platform: topology.name, engine: engine.name };
    const endpoint = new VertexEndpoint(
      `${name}-edge`,
      {
        displayName: engine.name,
        location,
        access,
        labels: owned,
        ...shared,
        ...(requestLog === undefined ? {} : { requestLog }),
      },
      { parent: this },
    );
    const model = new VertexModel(
      name,
      {
        project: args.project,
        location,
        endpoint: endpoint.resource,
        container: containerOf(topology, engine, args.container),
        resources: { machine, replicas: { min: args.atLeast ?? engine.replicas, max: engine.replicas } },
        provider: args.provider,
        labels: owned,
        ...shared,
        ...(args.artifacts === undefined ? {} : { artifacts: args.artifacts }),
        ...(args.serviceAccount === undefined ? {} : { serviceAccount: args.serviceAccount }),
        ...(args.traffic === undefined ? {} : { traffic: args.traffic }),
      },
      { parent: this },
    );
    this.nodes = { endpoint, model };
    this.address = endpoint.address;
    this.registerOutputs({ resource: endpoint.resource });
  }
}

const PROBE_PERIOD = Duration.seconds(10);

function containerOf(
  topology: Topology,
  engine: ResolvedInferenceEngine,
  container: InferenceContainer,
): VertexContainer {
  const { accelerator, startupBudget, progressDeadline, service } = engine;
  const port = service.ports.http;
  const sharedMemory = accelerator === 'cpu' ? undefined : accelerator.sharedMemory;
  return {
    ...container,
    port,
    env: { ...container.env, [PROFILE_VARIABLE]: encodeProfile(engineProfile(topology, engine.id)) },
    deploymentTimeout: progressDeadline,
    ...(sharedMemory === undefined ? {} : { sharedMemory }),
    probes: {
      startup: {
        http: { path: container.healthRoute, port },
        period: PROBE_PERIOD,
        failures: Math.ceil(startupBudget.toSeconds('up') / PROBE_PERIOD.inSeconds),
      },
    },
  };
}

function machineOf(engine: ResolvedInferenceEngine, machine: VertexInferenceArgs['machine']): VertexMachine {
  const { accelerator, id } = engine;
  const path = `engines.${id}`;
  const cores = CPU_MACHINE.exec(machine)?.[1];
  if (accelerator === 'cpu') {
    if (isGpuMachine(machine)) throw unfit(path, `received ${machine} with devices, expected a machine without any`);
    if (engine.resources.cpu > Number(cores))
      throw unfit(path, `received ${machine}, expected ${engine.resources.cpu} processors for one replica`);
    return { machine };
  }
  checkShare(path, accelerator);
  const facts = machineFor('gke', machine as GkeGpuMachine, accelerator.gpu as GpuClass);
  if (accelerator.devices > facts.gpus)
    throw unfit(
      path,
      `received ${machine} with ${facts.gpus} devices, expected ${accelerator.devices} for one replica`,
    );
  // With half of the devices or fewer, Vertex AI puts several replicas on one machine and divides the rest of it too.
  const share = accelerator.devices > facts.gpus / 2 ? shareOf(facts, facts.gpus) : shareOf(facts, accelerator.devices);
  if (engine.resources.cpu > share.vcpus || engine.resources.memory.isLargerThan(share.memory))
    throw unfit(
      path,
      `a replica on ${machine} has ${share.vcpus} processors and ${share.memory}, expected ${engine.resources.cpu} and ${engine.resources.memory}`,
    );
  return { gpu: accelerator.gpu, machine, devices: accelerator.devices } as VertexMachine;
}

/** The number at the end of its name. */
const CPU_MACHINE = /-(\d+)$/;

/** N1 has its devices beside it, and is a machine without any where none are asked for. */
const isGpuMachine = (machine: VertexInferenceArgs['machine']): machine is GkeGpuMachine => !/^(e2|n1)-/.test(machine);

function checkShare(path: string, accelerator: GpuShare): void {
  const { mig, sharedBy, nodes } = accelerator;
  if (mig !== undefined || sharedBy > 1)
    throw unfit(path, `runs on ${describeAccelerator(accelerator)}; Vertex AI gives whole devices: serve it on GKE`);
  if (nodes > 1)
    throw unfit(
      path,
      `runs on ${describeAccelerator(accelerator)}; a model of one's own is on one: serve it on GKE, or by ModelGardenDeployment`,
    );
}

const unfit = (path: string, message: string): ConstructError => new ConstructError('machine-unfit', path, message);
