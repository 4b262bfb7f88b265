import { projects } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, interpolate } from '@pulumi/pulumi';

export interface RankingAccessArgs {
  readonly project: Input<string>;
  /** Who ranks, by the names it has here: `serviceAccount:<email>`, or a principal of workload identity. */
  readonly members: Readonly<Record<string, Input<string>>>;
  /** Of the role that is made. Letters, digits, underscores and periods. @default 'penstockRanker' */
  readonly roleId?: string;
}

/**
 * Lets workloads rank by Google's Ranking API. It is a service without resources: what there is to make is the
 * enablement and a role. The role has the one permission that the method asks for; the predefined ones that contain it
 * also read every document of the project.
 */
export class RankingAccess extends ComponentResource {
  /** The raw resources. */
  readonly nodes: {
    readonly service: projects.Service;
    readonly role: projects.IAMCustomRole;
    readonly grants: Readonly<Record<string, projects.IAMMember>>;
  };

  constructor(name: string, args: RankingAccessArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:RankingAccess', name, {}, options);
    const { project, members } = args;
    const service = new projects.Service(
      `${name}-service`,
      // Somebody else in the project may use it by now.
      { project, service: 'discoveryengine.googleapis.com', disableOnDestroy: false },
      { parent: this },
    );
    const role = new projects.IAMCustomRole(
      `${name}-role`,
      {
        project,
        roleId: args.roleId ?? 'penstockRanker',
        title: 'Ranks texts',
        permissions: ['discoveryengine.rankingConfigs.rank'],
      },
      { parent: this, dependsOn: service },
    );
    const grants = Object.fromEntries(
      Object.entries(members).map(([id, member]) => [
        id,
        new projects.IAMMember(
          `${name}-${id}`,
          { project, role: interpolate`projects/${role.project}/roles/${role.roleId}`, member },
          { parent: this },
        ),
      ]),
    );
    this.nodes = { service, role, grants };
    this.registerOutputs({});
  }
}
