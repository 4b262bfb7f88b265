import type { GkeGpuMachine, ResolvedInferenceEngine, Topology } from '@penstock/model';
import { type ComponentResourceOptions, interpolate } from '@pulumi/pulumi';
import { ConstructError } from '../../constructs/errors.ts';
import type { ArtifactPlaces } from '../../constructs/gcp/artifact-store.ts';
import type { Network } from '../../constructs/gcp/network.ts';
import { VertexArtifacts } from '../../constructs/gcp/vertex-artifacts.ts';
import { VertexInference, type VertexInferenceArgs } from '../../constructs/gcp/vertex-inference.ts';
import type { GcpEnvironment } from './environment.ts';

/** From the folder of Pulumi.yaml. */
const PROVIDER = 'stacks/gcp/vertex-provider.ts';

const folderOf = ({ model }: ResolvedInferenceEngine): `${string}/` => `${model.id}/${model.revision}/`;

/**
 * The engines that Vertex AI serves, in the network of the platform alone.
 *
 * @throws {ConstructError} `reference-missing` for an engine that is not there, `settings-contradict` for one that services
 *   of the platform call: they speak to servers in their cluster, without a token of Google; what `VertexInference` throws
 */
export function vertexEngines(
  topology: Topology,
  { vertex, project, region }: GcpEnvironment,
  network: Network,
  artifacts: ArtifactPlaces,
  options: ComponentResourceOptions,
): Readonly<Record<string, VertexInference>> {
  const served = Object.entries(vertex).map(([id, form]) => [engineOf(topology, id), form] as const);
  if (served.length === 0) return {};
  const reader = new VertexArtifacts(
    topology.name,
    {
      project,
      repository: artifacts.repository,
      folders: Object.fromEntries(
        served.map(([engine]) => [engine.id, { bucket: { name: artifacts.bucket }, prefix: folderOf(engine) }]),
      ),
    },
    options,
  );
  return Object.fromEntries(
    served.map(([engine, { machine, atLeast, ...container }]) => [
      engine.id,
      new VertexInference(
        engine.name,
        {
          topology,
          engine: engine.id,
          project: project.id,
          location: region,
          machine: machine as GkeGpuMachine,
          container,
          artifacts: interpolate`gs://${artifacts.bucket}/${folderOf(engine)}`,
          access: {
            type: 'private-service-connect',
            projects: [project.id],
            connections: [{ project: project.id, network: network.networkId }],
          },
          provider: PROVIDER,
          ...(atLeast === undefined ? {} : { atLeast: atLeast as NonNullable<VertexInferenceArgs['atLeast']> }),
        },
        { ...options, dependsOn: [reader] },
      ),
    ]),
  );
}

/** What is left for the cluster to serve; it is still the same declaration, by the same fingerprint. */
export const servedByCluster = (topology: Topology, { vertex }: GcpEnvironment): Topology => ({
  ...topology,
  engines: Object.fromEntries(Object.entries(topology.engines).filter(([id]) => vertex[id] === undefined)),
});

function engineOf(topology: Topology, id: string): ResolvedInferenceEngine {
  const engine = topology.engines[id];
  if (engine === undefined) throw new ConstructError('reference-missing', `vertex.${id}`, `is not in ${topology.name}`);
  const { workers, httpServices, schedules } = topology;
  const callers = [workers, httpServices, schedules]
    .flatMap((section) => Object.values<Caller>(section))
    .filter(({ calls }) => calls.some((call) => call.engine === id));
  if (callers.length === 0) return engine;
  throw new ConstructError(
    'settings-contradict',
    `vertex.${id}`,
    `is called by ${callers.map((caller) => caller.id).join(', ')}, whose calls carry no token of Google: serve it in the cluster`,
  );
}

interface Caller {
  readonly id: string;
  readonly calls: readonly { readonly engine: string }[];
}
