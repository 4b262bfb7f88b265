import { cloudscheduler, projects, serviceaccount } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, output } from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import type { GoogleProject } from './google-project.ts';
import { checkCapacity, dedicatedResources, type VertexMachine, type VertexReplicas } from './vertex-machine.ts';

/** Where a run reads or writes: a table of BigQuery, or files of Cloud Storage with an instance a line. */
export type BatchPlace = `bq://${string}.${string}` | `gs://${string}/${string}`;

export interface BatchPredictionScheduleArgs<Min extends number = number> {
  readonly project: GoogleProject;
  /** Region of the model and of the schedule. */
  readonly location: string;
  /** `VertexModel.resource`. Its server takes `{"instances": [...]}` and answers `{"predictions": [...]}`, as Vertex AI asks it. */
  readonly model: Input<string>;
  /** Five fields, e.g. `0 3 * * *`. */
  readonly cron: string;
  /** @default 'Etc/UTC' */
  readonly timeZone?: string;
  /** Of Cloud Storage with `*` for the rest of the names. */
  readonly instances: Input<BatchPlace>;
  /** Each run makes a folder or a table of its own there. */
  readonly predictions: Input<BatchPlace>;
  /** Bought by the hour for each run, and given back after it. */
  readonly machine: VertexMachine & { readonly scaleAt?: never };
  /** `min` to begin with. */
  readonly replicas: VertexReplicas<Min>;
  /** Email of the account that the server runs as; whoever starts the runs may act as it. @default - one without any right */
  readonly serviceAccount?: Input<string>;
  /** Account that starts the runs: 6 to 30 characters. */
  readonly runner: string;
  /** Of the role that is made. Letters, digits, underscores and periods. @default 'penstockBatchPredictor' */
  readonly roleId?: string;
  readonly labels?: Readonly<Record<string, Input<string>>>;
  readonly overrides?: { readonly job?: Partial<cloudscheduler.JobArgs> };
}

const CRON = /^\S+( \S+){4}$/;

/**
 * A model asked about a whole folder or table, again and again. A batch prediction is a job: it runs once, its answers lie
 * where it says, and nothing of it can be kept, changed or taken down; no provider has it. What lasts is that one is
 * started, by Cloud Scheduler and an account that may do this and nothing else. Taking it down ends no run.
 */
export class BatchPredictionSchedule<Min extends number = number> extends ComponentResource {
  readonly nodes: {
    readonly job: cloudscheduler.Job;
    readonly runner: serviceaccount.Account;
    readonly role: projects.IAMCustomRole;
    readonly grant: projects.IAMMember;
    readonly acts: serviceaccount.IAMMember | undefined;
  };

  /**
   * @throws {ConstructError} `configuration-malformed` for what is no cron, `machine-unfit`, `quantity-malformed`
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(name: string, args: BatchPredictionScheduleArgs<Min>, options: ComponentResourceOptions = {}) {
    const { project, location, cron, machine, serviceAccount } = args;
    if (!CRON.test(cron))
      throw new ConstructError(
        'configuration-malformed',
        'cron',
        `received ${JSON.stringify(cron)}, expected five fields`,
      );
    checkCapacity('machine', machine, { type: 'on-demand' });
    const { machineSpec, minReplicaCount, maxReplicaCount } = dedicatedResources(
      'machine',
      machine,
      args.replicas as VertexReplicas,
    );
    super('penstock:gcp:BatchPredictionSchedule', name, {}, options);
    const child = { parent: this };
    const runner = new serviceaccount.Account(
      `${name}-runner`,
      { project: project.id, accountId: args.runner, displayName: `starts batch predictions of ${name}` },
      child,
    );
    const role = new projects.IAMCustomRole(
      `${name}-role`,
      {
        project: project.id,
        roleId: args.roleId ?? 'penstockBatchPredictor',
        title: 'Starts batch predictions',
        permissions: ['aiplatform.batchPredictionJobs.create'],
      },
      child,
    );
    const grant = new projects.IAMMember(
      `${name}-starts`,
      { project: project.id, role: role.name, member: runner.member },
      child,
    );
    const acts =
      serviceAccount === undefined
        ? undefined
        : new serviceaccount.IAMMember(
            `${name}-acts`,
            {
              serviceAccountId: output(serviceAccount).apply(
                (email) => `projects/${project.id}/serviceAccounts/${email}`,
              ),
              role: 'roles/iam.serviceAccountUser',
              member: runner.member,
            },
            child,
          );
    const request = output({
      displayName: name,
      model: args.model,
      instances: args.instances,
      predictions: args.predictions,
      labels: { ...args.labels },
      serviceAccount,
    }).apply(({ instances, predictions, serviceAccount: account, ...rest }) => ({
      ...rest,
      ...(account === undefined ? {} : { serviceAccount: account }),
      inputConfig: sourceOf(instances),
      outputConfig: destinationOf(predictions),
      dedicatedResources: {
        machineSpec,
        startingReplicaCount: minReplicaCount,
        maxReplicaCount,
      },
    }));
    const job = new cloudscheduler.Job(
      `${name}-schedule`,
      {
        project: project.id,
        region: location,
        description: `batch predictions of ${name}`,
        schedule: cron,
        timeZone: args.timeZone ?? 'Etc/UTC',
        attemptDeadline: '60s',
        // A run whose answer was lost may be under way: a second one would be paid for too.
        retryConfig: { retryCount: 0 },
        httpTarget: {
          httpMethod: 'POST',
          uri: `https://${location}-aiplatform.googleapis.com/v1/projects/${project.id}/locations/${location}/batchPredictionJobs`,
          headers: { 'Content-Type': 'application/json' },
          body: request.apply((body) => Buffer.from(JSON.stringify(body)).toString('base64')),
          oauthToken: {
            serviceAccountEmail: runner.email,
            scope: 'https://www.googleapis.com/auth/cloud-platform',
          },
        },
        ...args.overrides?.job,
      },
      { parent: this, dependsOn: [grant, ...(acts === undefined ? [] : [acts])] },
    );
    this.nodes = { job, runner, role, grant, acts };
    this.registerOutputs({});
  }
}

const isTable = (place: BatchPlace): boolean => place.startsWith('bq://');

const sourceOf = (place: BatchPlace) =>
  isTable(place)
    ? { instancesFormat: 'bigquery', bigquerySource: { inputUri: place } }
    : { instancesFormat: 'jsonl', gcsSource: { uris: [place] } };

const destinationOf = (place: BatchPlace) =>
  isTable(place)
    ? { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri: place } }
    : { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: place } };
