import { artifactregistry, projects, storage } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { ImageRepository } from './artifact-store.ts';
import { type BucketFolder, folderCondition } from './bucket-folder.ts';
import { type GoogleProject, serviceAgent } from './google-project.ts';

export interface VertexArtifactsArgs {
  /** In which Vertex AI serves. */
  readonly project: GoogleProject;
  /** Whose images it pulls. */
  readonly repository: ImageRepository;
  /** Weights that it copies, by a name each. */
  readonly folders: Readonly<Record<string, BucketFolder>>;
}

/** What Vertex AI has to read of another project before a model can be uploaded: it acts by an account of its own. */
export class VertexArtifacts extends ComponentResource {
  readonly nodes: {
    readonly agent: projects.ServiceIdentity;
    readonly images: artifactregistry.RepositoryIamMember;
    readonly folders: readonly storage.BucketIAMMember[];
  };

  constructor(name: string, args: VertexArtifactsArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:VertexArtifacts', name, {}, options);
    const { project, repository, folders } = args;
    const member = serviceAgent(project, 'vertex-ai');
    const agent = new projects.ServiceIdentity(
      `${name}-vertex-ai`,
      { project: project.id, service: 'aiplatform.googleapis.com' },
      { parent: this },
    );
    // Nobody can be granted anything before they exist.
    const child = { parent: this, dependsOn: [agent] };
    const images = new artifactregistry.RepositoryIamMember(
      `${name}-vertex-ai`,
      {
        project: repository.project,
        location: repository.location,
        repository: repository.repositoryId,
        role: 'roles/artifactregistry.reader',
        member,
      },
      child,
    );
    const read = Object.entries(folders).map(
      ([id, folder]) =>
        new storage.BucketIAMMember(
          `${name}-vertex-ai-${id}`,
          {
            bucket: folder.bucket.name,
            role: 'roles/storage.objectViewer',
            member,
            condition: { title: `reads ${id}`, expression: folderCondition(folder) },
          },
          child,
        ),
    );
    this.nodes = { agent, images, folders: read };
    this.registerOutputs({});
  }
}
