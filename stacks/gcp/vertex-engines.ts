import type { GkeGpuMachine, ResolvedInferenceEngine, Topology } from '@penstock/model';
import { type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { ConstructError } from '../../constructs/errors.ts';
import type { ArtifactPlaces } from '../../constructs/gcp/artifact-store.ts';
import type { Network } from '../../constructs/gcp/network.ts';
import { VertexArtifacts } from '../../constructs/gcp/vertex-artifacts.ts';
import { VertexCallers } from '../../constructs/gcp/vertex-callers.ts';
import { VertexConnections } from '../../constructs/gcp/vertex-connections.ts';
import { VertexInference, type VertexInferenceArgs } from '../../constructs/gcp/vertex-inference.ts';
import { VertexMonitoring, type VertexMonitoringArgs } from '../../constructs/gcp/vertex-monitoring.ts';
import type { WorkloadIdentity } from '../../constructs/gcp/workload-identity.ts';
import { type Flow, tcp } from '../../constructs/kubernetes/index.ts';
import type { GcpEnvironment, MonitoringForm, VertexForm } from './environment.ts';

/** From the folder of Pulumi.yaml. */
const PROVIDER = 'stacks/gcp/vertex-provider.ts';

/** What the one authority of private endpoints is called as a file of their callers, and in Secret Manager. */
export const CERTIFICATE = { file: 'vertex.crt', key: 'vertex-certificate' } as const;

interface Served {
  readonly engine: ResolvedInferenceEngine;
  readonly form: VertexForm;
}

interface Caller {
  readonly id: string;
  readonly calls: readonly { readonly engine: string; readonly role: string }[];
}

/** The engines that Vertex AI serves, in the network of the platform alone, and the workloads that call them. */
export class VertexEngines {
  /** By the id of the engine. */
  readonly inferences: Readonly<Record<string, VertexInference>>;
  /** Host and path of each, by the same id. */
  readonly places: VertexConnections['places'];
  readonly #callers: readonly Caller[];
  readonly #environment: GcpEnvironment;
  readonly #options: ComponentResourceOptions;
  readonly #name: string;

  /** @throws {ConstructError} `reference-missing` for an engine that is not there; what `VertexInference` throws */
  constructor(
    topology: Topology,
    environment: GcpEnvironment,
    network: Network,
    artifacts: ArtifactPlaces,
    options: ComponentResourceOptions,
  ) {
    const { vertex } = environment;
    const served = Object.entries(vertex).map(([id, form]) => ({ engine: engineOf(topology, id), form }));
    this.#environment = environment;
    this.#options = options;
    this.#name = topology.name;
    this.#callers = callersIn(topology).filter(({ calls }) =>
      calls.some(({ engine }) => Object.hasOwn(vertex, engine)),
    );
    this.inferences = served.length === 0 ? {} : this.#serve(topology, served, artifacts);
    this.places = served.length === 0 ? {} : this.#connect(network);
  }

  /** Ids of the workloads that call one of them. */
  get callers(): readonly string[] {
    return this.#callers.map(({ id }) => id);
  }

  /** What a workload has to be let through to: addresses in the subnet of the nodes. */
  flowsOf(workload: string): readonly Flow[] {
    if (!this.callers.includes(workload)) return [];
    return [{ peer: { cidr: this.#environment.ranges.nodes }, ports: [tcp(VertexConnections.port)] }];
  }

  /** Where each of its callers finds each engine, in the words of the kit, by the ids of engine and caller. */
  addresses(
    certificateOf: (caller: string) => string,
  ): Readonly<Record<string, Readonly<Record<string, Output<string>>>>> {
    return Object.fromEntries(
      Object.keys(this.inferences).map((engine) => [
        engine,
        Object.fromEntries(
          this.#callersOf(engine).map(({ id }) => [
            id,
            interpolate`vertex://${this.places[engine]?.lower()}?ca=${certificateOf(id)}`,
          ]),
        ),
      ]),
    );
  }

  /** Lets each caller in, by the account it has. */
  admit(identities: Readonly<Record<string, WorkloadIdentity>>): void {
    if (this.#callers.length === 0) return;
    const { project, region } = this.#environment;
    const endpoints = Object.entries(this.inferences).map(([engine, { nodes }]) => {
      const accounts = this.#callersOf(engine).map(({ id }) => [id, identities[id] as WorkloadIdentity] as const);
      const callers = Object.fromEntries(accounts.map(([id, { nodes: own }]) => [id, own.account.member]));
      return [engine, { endpoint: nodes.endpoint, callers }] as const;
    });
    new VertexCallers(
      this.#name,
      { project, location: region, endpoints: Object.fromEntries(endpoints) },
      this.#options,
    );
  }

  #connect(network: Network): VertexConnections['places'] {
    const endpoints = Object.entries(this.inferences).map(([id, { nodes }]) => [
      id,
      { endpoint: nodes.endpoint, serviceAttachment: nodes.model.serviceAttachment },
    ]);
    const { project } = this.#environment;
    const args = { project, network, endpoints: Object.fromEntries(endpoints) };
    return new VertexConnections(this.#name, args, this.#options).places;
  }

  #callersOf(engine: string): readonly Caller[] {
    return this.#callers.filter(({ calls }) => calls.some((call) => call.engine === engine));
  }

  #serve(topology: Topology, served: readonly Served[], artifacts: ArtifactPlaces): VertexEngines['inferences'] {
    const { project, region } = this.#environment;
    const { repository, bucket } = artifacts;
    const folders = served.map(({ engine }) => [engine.id, { bucket: { name: bucket }, prefix: folderOf(engine) }]);
    const reader = new VertexArtifacts(
      topology.name,
      { project, repository, folders: Object.fromEntries(folders) },
      this.#options,
    );
    const inferences = served.map(({ engine, form: { machine, atLeast, monitoring, ...container } }) => {
      const inference = new VertexInference(
        engine.name,
        {
          topology,
          engine: engine.id,
          project: project.id,
          location: region,
          machine: machine as GkeGpuMachine,
          container,
          artifacts: interpolate`gs://${bucket}/${folderOf(engine)}`,
          access: { type: 'private-service-connect', projects: [project.id], authorized: true },
          provider: PROVIDER,
          ...(atLeast === undefined ? {} : { atLeast: atLeast as NonNullable<VertexInferenceArgs['atLeast']> }),
        },
        { ...this.#options, dependsOn: [reader] },
      );
      if (monitoring !== undefined) this.#watch(engine, inference, monitoring);
      return [engine.id, inference];
    });
    return Object.fromEntries(inferences);
  }

  #watch({ name }: ResolvedInferenceEngine, { nodes }: VertexInference, form: MonitoringForm): void {
    const { project, region, alerts } = this.#environment;
    const { drift, ...rest } = form;
    const told = alerts.tickets.map((each) => (each.startsWith('projects/') ? { channel: each } : { email: each }));
    new VertexMonitoring(
      name,
      {
        ...rest,
        project: project.id,
        location: region,
        endpoint: nodes.endpoint.resource,
        models: { served: { model: nodes.model, drift } },
        // The reader of the configuration has seen to it that there is somebody.
        told: told as unknown as VertexMonitoringArgs['told'],
        provider: PROVIDER,
      },
      this.#options,
    );
  }
}

const folderOf = ({ model }: ResolvedInferenceEngine): `${string}/` => `${model.id}/${model.revision}/`;

function engineOf(topology: Topology, id: string): ResolvedInferenceEngine {
  const engine = topology.engines[id];
  if (engine === undefined) throw new ConstructError('reference-missing', `vertex.${id}`, `is not in ${topology.name}`);
  return engine;
}

function callersIn({ workers, httpServices, schedules }: Topology): readonly Caller[] {
  return [workers, httpServices, schedules].flatMap((section) => Object.values<Caller>(section));
}
