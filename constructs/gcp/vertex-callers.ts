import { projects, vertex } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, interpolate } from '@pulumi/pulumi';
import type { GoogleProject } from './google-project.ts';
import type { VertexEndpoint } from './vertex-endpoint.ts';

export interface VertexCallersArgs {
  readonly project: GoogleProject;
  /** Region of the endpoints. */
  readonly location: string;
  /** Who calls which, by a name each: `serviceAccount:<email>`. */
  readonly endpoints: Readonly<
    Record<string, { readonly endpoint: VertexEndpoint; readonly callers: Readonly<Record<string, Input<string>>> }>
  >;
  /** Of the role that is made. Letters, digits, underscores and periods. @default 'penstockPredictor' */
  readonly roleId?: string;
}

/**
 * Lets workloads call endpoints of Vertex AI, each those it is named for. By a role of the one permission that a call
 * asks for: the predefined ones that contain it also train and delete models.
 */
export class VertexCallers extends ComponentResource {
  readonly nodes: {
    readonly role: projects.IAMCustomRole;
    readonly grants: readonly vertex.AiEndpointIamMember[];
  };

  constructor(name: string, args: VertexCallersArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:VertexCallers', name, {}, options);
    const { project, location, endpoints } = args;
    const role = new projects.IAMCustomRole(
      `${name}-role`,
      {
        project: project.id,
        roleId: args.roleId ?? 'penstockPredictor',
        title: 'Calls models',
        permissions: ['aiplatform.endpoints.predict'],
      },
      { parent: this },
    );
    const grants = Object.entries(endpoints).flatMap(([id, { endpoint, callers }]) =>
      Object.entries(callers).map(
        ([caller, member]) =>
          new vertex.AiEndpointIamMember(
            `${name}-${id}-${caller}`,
            {
              project: project.id,
              location,
              endpoint: endpoint.id,
              role: interpolate`projects/${role.project}/roles/${role.roleId}`,
              member,
            },
            { parent: this },
          ),
      ),
    );
    this.nodes = { role, grants };
    this.registerOutputs({});
  }
}
