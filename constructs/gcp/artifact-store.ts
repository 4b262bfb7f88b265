import type { Topology } from '@penstock/model';
import { artifactregistry, storage } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { artifactsOf, imageNames, UNTAGGED_IMAGE_DAYS } from '../artifacts.ts';

export interface ArtifactStoreArgs {
  readonly topology: Topology;
  /** Region of the registry and the bucket, near the clusters that pull from them. */
  readonly location: string;
}

/** Where artifacts lie, for whoever pulls them: what another stack is told of a store. */
export interface ArtifactPlaces {
  readonly repository: ImageRepository;
  /** First part of the name of every image. */
  readonly registry: Output<string>;
  /** Name of the bucket with the weights. */
  readonly bucket: Output<string>;
}

export interface ImageRepository {
  readonly project: Output<string>;
  readonly location: Output<string>;
  readonly repositoryId: Output<string>;
}

const DAY_SECONDS = 86_400;

/**
 * Where a platform's images and model weights lie on Google Cloud: one repository whose tags never move, and a bucket
 * whose names begin with `<model>/<revision>/`. Both are protected and outlive their stack: what runs somewhere is
 * pulled from here.
 */
export class ArtifactStore extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly repository: artifactregistry.Repository; readonly weights: storage.Bucket };
  readonly places: ArtifactPlaces;
  /** Where each image is pushed to, by its name. */
  readonly images: Readonly<Record<string, Output<string>>>;
  /** Where the files of each model lie, by `<model>/<revision>/`. */
  readonly weights: Readonly<Record<string, Output<string>>>;

  constructor(name: string, { topology, location }: ArtifactStoreArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:ArtifactStore', name, {}, options);
    const artifacts = artifactsOf(topology);
    const kept = { parent: this, protect: true, retainOnDelete: true };
    const labels = { platform: topology.name };
    const repository = new artifactregistry.Repository(
      `${name}-images`,
      {
        repositoryId: topology.name,
        location,
        format: 'DOCKER',
        description: `Images of ${topology.name}`,
        dockerConfig: { immutableTags: true },
        cleanupPolicyDryRun: false,
        cleanupPolicies: [
          {
            id: 'untagged',
            action: 'DELETE',
            condition: { tagState: 'UNTAGGED', olderThan: `${UNTAGGED_IMAGE_DAYS * DAY_SECONDS}s` },
          },
        ],
        vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
        labels,
      },
      kept,
    );
    const weights = new storage.Bucket(
      `${name}-weights`,
      {
        location,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        versioning: { enabled: true },
        forceDestroy: false,
        labels,
      },
      kept,
    );
    this.nodes = { repository, weights };
    const { project, location: region, repositoryId, registryUri } = repository;
    this.places = {
      repository: { project, location: region, repositoryId },
      registry: registryUri,
      bucket: weights.name,
    };
    this.images = Object.fromEntries(
      imageNames(artifacts).map((image) => [image, interpolate`${repository.registryUri}/${image}`]),
    );
    this.weights = Object.fromEntries(
      artifacts.models.map(({ prefix }) => [prefix, interpolate`${weights.url}/${prefix}`]),
    );
    this.registerOutputs({ images: this.images, weights: this.weights });
  }
}
