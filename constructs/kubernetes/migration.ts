import type { ResolvedMigration } from '@penstock/model';
import { type ApiObject, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { suppressionOf } from '../suppression.ts';
import { emit, type Override } from './api-object.ts';
import { configFingerprint } from './config-fingerprint.ts';
import { jobSpec } from './job-spec.ts';
import type { Flow } from './network-flow.ts';
import type { Mount } from './pod-template.ts';
import type { Addresses } from './service-environment.ts';
import type { Traffic } from './traffic.ts';
import { emitServiceAccount, metadataOf, type WorkloadContext } from './workload.ts';

export interface MigrationProps {
  readonly context: WorkloadContext<ResolvedMigration>;
  /** What it asks for by name, e.g. where the database is. @default - nothing */
  readonly addresses?: Addresses;
  /** Secrets that it reads as files. @default - none */
  readonly secrets?: readonly { readonly mount: Mount }[];
  /** What it changes: the only thing it can reach. @default - nothing */
  readonly reaches?: readonly Flow[];
  readonly overrides?: { readonly job?: Override; readonly serviceAccount?: Override };
}

/** Digits of the fingerprint in the name: with 16 million of them, two releases that are kept do not meet. */
const NAME_DIGITS = 6;

const RECORD = {
  [suppressionOf('job-removed')]:
    'the finished Job is the record that this release was migrated: removed, the next apply of the same manifests would run it again',
};

/**
 * A migration of the topology: a Job that is done before the workloads of its release are applied. A Job cannot be
 * changed, so its name carries a fingerprint of what it runs: another image is another Job, and an apply of the same
 * one finds it done. Numbers of the topology that are not its own are no part of it, and it gets no profile for that
 * reason. Jobs of releases before go with whoever prunes what is no longer among the manifests.
 */
export class Migration extends Construct {
  readonly nodes: { readonly job: ApiObject; readonly serviceAccount: ApiObject };
  readonly context: WorkloadContext<ResolvedMigration>;
  readonly traffic: Traffic;

  constructor(scope: Construct, id: string, props: MigrationProps) {
    super(scope, id);
    const { context } = props;
    this.context = context;
    this.traffic = { reaches: props.reaches ?? [] };
    const metadata = metadataOf(context);
    const written = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...RECORD } },
      spec: jobSpec({ context, env: props.addresses ?? {}, secrets: props.secrets ?? [], annotations: {} }),
    };
    // Patched before it is named: what a patch changes is another Job as well.
    const job = JsonPatch.apply(written, ...(props.overrides?.job ?? [])) as typeof written;
    const name = `${job.metadata.name}-${configFingerprint(job.spec).slice(0, NAME_DIGITS)}`;
    this.nodes = {
      job: emit(this, 'job', { ...job, metadata: { ...job.metadata, name } }),
      serviceAccount: emitServiceAccount(this, context, props.overrides?.serviceAccount),
    };
  }
}
