import type { Topology } from '@penstock/model';
import { type ComponentResourceOptions, type Output, StackReference } from '@pulumi/pulumi';
import { type ArtifactPlaces, ArtifactStore } from '../../constructs/gcp/artifact-store.ts';
import { ConfigurationFields, type RawConfiguration } from './configuration-fields.ts';

/** What is so in the project that keeps the artifacts of all environments. */
export interface ArtifactsEnvironment {
  /** Region of the registry and the bucket, near the clusters that pull from them. */
  readonly location: string;
}

/**
 * The object `penstock:artifacts` of a stack.
 *
 * @throws {ConstructError} `configuration-malformed` with everything that is wrong
 */
export function readArtifacts(stack: string, raw: RawConfiguration): ArtifactsEnvironment {
  const fields = new ConfigurationFields(raw);
  const location = fields.text('location', /^[a-z]+-[a-z]+\d+$/, 'such as europe-west4');
  fields.done(`Pulumi.${stack}.yaml`);
  return { location };
}

/** What the stack of the artifacts tells: people where to push, and other stacks from where to pull. */
export interface ArtifactOutputs extends Published {
  readonly images: ArtifactStore['images'];
  readonly weights: ArtifactStore['weights'];
}

interface Published {
  readonly project: Output<string>;
  readonly location: Output<string>;
  readonly repository: Output<string>;
  readonly registry: Output<string>;
  readonly bucket: Output<string>;
}

/** Images and weights belong to no environment, and change at a rate of their own: what was tested in one runs in the next. */
export function artifactsProgram(
  topology: Topology,
  { location }: ArtifactsEnvironment,
  options: ComponentResourceOptions = {},
): ArtifactOutputs {
  const { images, weights, places } = new ArtifactStore(topology.name, { topology, location }, options);
  const { repository, registry, bucket } = places;
  return {
    images,
    weights,
    project: repository.project,
    location: repository.location,
    repository: repository.repositoryId,
    registry,
    bucket,
  };
}

/** What the stack of the artifacts has told, by its whole name. It has to be there before. */
export function referencedArtifacts(stack: string, options: ComponentResourceOptions = {}): ArtifactPlaces {
  const reference = new StackReference(stack, {}, options);
  const output = (name: keyof Published): Output<string> =>
    reference.requireOutput(name).apply((value: string) => value);
  return {
    repository: { project: output('project'), location: output('location'), repositoryId: output('repository') },
    registry: output('registry'),
    bucket: output('bucket'),
  };
}
