import { artifactregistry, projects, serviceaccount } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import type { ImageRepository } from './artifact-store.ts';
import type { GoogleProject } from './google-project.ts';

export interface NodeAccountArgs {
  readonly project: GoogleProject;
  /** Id of the account: 6 to 30 characters. */
  readonly accountId: string;
  /** Repositories that the nodes pull images from, by a name each. */
  readonly repositories: Readonly<Record<string, ImageRepository>>;
}

/**
 * Who the nodes of a cluster are. Compute Engine's default account may edit the whole project; this one writes logs and
 * metrics and pulls the images it is told of. Pods are somebody else: see `WorkloadIdentity`.
 */
export class NodeAccount extends ComponentResource {
  readonly nodes: {
    readonly account: serviceaccount.Account;
    readonly telemetry: projects.IAMMember;
    readonly pulls: readonly artifactregistry.RepositoryIamMember[];
  };
  readonly email: Output<string>;

  constructor(name: string, args: NodeAccountArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:NodeAccount', name, {}, options);
    const child = { parent: this };
    const account = new serviceaccount.Account(
      name,
      { accountId: args.accountId, displayName: 'Nodes of GKE', project: args.project.id },
      child,
    );
    // Logs and metrics belong to a project and to nothing smaller: there is no resource to grant this on.
    const telemetry = new projects.IAMMember(
      name,
      { project: args.project.id, role: 'roles/container.defaultNodeServiceAccount', member: account.member },
      child,
    );
    const pulls = Object.entries(args.repositories).map(
      ([id, repository]) =>
        new artifactregistry.RepositoryIamMember(
          `${name}-${id}`,
          {
            // Images may be another project's: what was tested in one is what runs in the next.
            project: repository.project,
            location: repository.location,
            repository: repository.repositoryId,
            role: 'roles/artifactregistry.reader',
            member: account.member,
          },
          child,
        ),
    );
    this.nodes = { account, telemetry, pulls };
    this.email = account.email;
    this.registerOutputs({ email: this.email });
  }
}
