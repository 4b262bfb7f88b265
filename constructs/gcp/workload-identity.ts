import { projects, secretmanager, serviceaccount, storage } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import type { SecretReference } from '../secret-reference.ts';
import { type BucketFolder, folderCondition } from './bucket-folder.ts';
import type { GkeCluster } from './gke-cluster.ts';
import type { GoogleProject } from './google-project.ts';

/** A folder of a bucket, e.g. the weights of one revision of one model. */
/** A service that knows roles of a project alone; the condition makes it one resource. */
export interface ConditionalRole {
  /** Names the grant, e.g. `kafka`. */
  readonly id: string;
  readonly role: `roles/${string}`;
  /** What the role is good for, as a condition of IAM; an expression that is always true is no condition. */
  readonly condition: Output<string>;
}

/** Roles that only send; what they send has no name that a condition could ask for. */
export type TelemetryRole = 'roles/telemetry.tracesWriter';

export interface WorkloadIdentityArgs {
  readonly project: GoogleProject;
  readonly cluster: GkeCluster;
  /** Its account on Google Cloud: 6 to 30 characters. */
  readonly workload: string;
  /** Its account in the cluster. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Folders it reads, by a name each. @default - none */
  readonly reads?: Readonly<Record<string, BucketFolder>>;
  /** Secrets of Secret Manager whose value it gets, by a name each. @default - none */
  readonly secrets?: Readonly<Record<string, SecretReference>>;
  /** What services that know no smaller grant make of one resource of theirs. @default - none */
  readonly roles?: readonly ConditionalRole[];
  /** What is written for the whole project and read by nobody who may write it. @default - nothing */
  readonly writes?: readonly TelemetryRole[];
}

const ACCOUNT_ID = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/**
 * Who one workload is on Google Cloud: an account that its service account in the cluster, and nobody else, becomes. The
 * pool's own members could be granted most of this without an account; Managed Kafka and Cloud SQL know accounts by their
 * address alone, and one identity is easier to read in a log than two.
 */
export class WorkloadIdentity extends ComponentResource {
  readonly nodes: {
    readonly account: serviceaccount.Account;
    readonly binding: serviceaccount.IAMMember;
    readonly folders: readonly storage.BucketIAMMember[];
    readonly secrets: readonly secretmanager.SecretIamMember[];
    readonly roles: readonly projects.IAMMember[];
  };
  /** Its address: what its service account in the cluster carries as `iam.gke.io/gcp-service-account`. */
  readonly email: Output<string>;

  /** @throws {ConstructError} `name-malformed` for what is no id of an account */
  constructor(name: string, args: WorkloadIdentityArgs, options: ComponentResourceOptions = {}) {
    super('penstock:gcp:WorkloadIdentity', name, {}, options);
    const { project, cluster, workload, serviceAccount } = args;
    if (!ACCOUNT_ID.test(workload))
      throw new ConstructError(
        'name-malformed',
        name,
        `received ${JSON.stringify(workload)}, expected 6 to 30 lower-case letters, digits and hyphens`,
      );
    const child = { parent: this };
    const account = new serviceaccount.Account(
      name,
      { accountId: workload, project: project.id, displayName: `${serviceAccount.namespace}/${serviceAccount.name}` },
      child,
    );
    const binding = new serviceaccount.IAMMember(
      name,
      {
        serviceAccountId: account.name,
        role: 'roles/iam.workloadIdentityUser',
        member: `serviceAccount:${cluster.workloadPool}[${serviceAccount.namespace}/${serviceAccount.name}]`,
      },
      // The pool is the project's, and there is none before its first cluster.
      { parent: this, dependsOn: [cluster] },
    );
    const folders = Object.entries(args.reads ?? {}).map(
      ([id, { bucket, prefix }]) =>
        new storage.BucketIAMMember(
          `${name}-${id}`,
          {
            bucket: bucket.name,
            role: 'roles/storage.objectViewer',
            member: account.member,
            condition: { title: `reads ${id}`, expression: folderCondition({ bucket, prefix }) },
          },
          child,
        ),
    );
    const secrets = Object.entries(args.secrets ?? {}).map(
      ([id, secret]) =>
        new secretmanager.SecretIamMember(
          `${name}-${id}`,
          {
            project: project.id,
            secretId: secret.lower().key,
            role: 'roles/secretmanager.secretAccessor',
            member: account.member,
          },
          child,
        ),
    );
    const roles = (args.roles ?? []).map(
      ({ id, role, condition }) =>
        new projects.IAMMember(
          `${name}-${id}`,
          { project: project.id, role, member: account.member, condition: { title: id, expression: condition } },
          child,
        ),
    );
    const writes = (args.writes ?? []).map(
      (role) =>
        new projects.IAMMember(
          `${name}-${role.slice(role.lastIndexOf('.') + 1)}`,
          { project: project.id, role, member: account.member },
          child,
        ),
    );
    this.nodes = { account, binding, folders, secrets, roles: [...roles, ...writes] };
    this.email = account.email;
    this.registerOutputs({ email: this.email });
  }
}
