import { projects } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import type { GkeCluster } from './gke-cluster.ts';
import type { GoogleProject } from './google-project.ts';
import { WorkloadIdentity } from './workload-identity.ts';

export interface MetricsReaderArgs {
  readonly project: GoogleProject;
  readonly cluster: GkeCluster;
  /** Its account on Google Cloud: 6 to 30 characters. */
  readonly workload: string;
  /** Its account in the cluster. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Of the role that is made. Letters, digits, underscores and periods. @default 'penstockMetricsReader' */
  readonly roleId?: string;
}

/**
 * Who in a cluster may ask for what Managed Prometheus keeps. By a role of the one permission that a query asks for: the
 * predefined one also reads every dashboard, alert and channel. Series know no condition, so that it reads all of the
 * project's.
 */
export class MetricsReader extends ComponentResource {
  readonly nodes: {
    readonly identity: WorkloadIdentity;
    readonly role: projects.IAMCustomRole;
    readonly grant: projects.IAMMember;
  };
  /** As `WorkloadIdentity.email`. */
  readonly email: Output<string>;

  /** @throws {ConstructError} as `WorkloadIdentity` does */
  constructor(name: string, args: MetricsReaderArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:MetricsReader', name, {}, options);
    const { project, cluster, workload, serviceAccount } = args;
    const child = { parent: this };
    const identity = new WorkloadIdentity(name, { project, cluster, workload, serviceAccount }, child);
    const role = new projects.IAMCustomRole(
      `${name}-role`,
      {
        project: project.id,
        roleId: args.roleId ?? 'penstockMetricsReader',
        title: 'Reads series',
        permissions: ['monitoring.timeSeries.list'],
      },
      child,
    );
    const grant = new projects.IAMMember(
      `${name}-series`,
      {
        project: project.id,
        role: interpolate`projects/${role.project}/roles/${role.roleId}`,
        member: identity.nodes.account.member,
      },
      child,
    );
    this.nodes = { identity, role, grant };
    this.email = identity.email;
    this.registerOutputs({ email: this.email });
  }
}
