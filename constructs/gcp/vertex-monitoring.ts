import { Duration, type DurationInput, fingerprintOf, Ratio, type RatioInput } from '@penstock/model';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  getProject,
  getStack,
  type Input,
  interpolate,
  type Output,
  output,
} from '@pulumi/pulumi';
import { ConstructError } from '../errors.ts';
import { checkModule, DynamicResource } from './dynamic-resource.ts';
import { speakingId } from './vertex-id.ts';
import type { VertexModel } from './vertex-model.ts';
import type { MonitoringObjective, VertexMonitoringInputs } from './vertex-monitoring-provider.ts';

type NonEmpty<T> = readonly [T, ...T[]];

/**
 * By the name of a feature, how far two distributions of it may lie apart before somebody is told: the largest difference
 * of a share where it is one of some values, the divergence of Jensen and Shannon where it is a number.
 */
export type FeatureDistances = Readonly<Record<string, RatioInput>>;

/** The values that a model was trained on. */
export type TrainingData =
  | { readonly table: Input<`bq://${string}`> }
  | { readonly files: NonEmpty<Input<`gs://${string}`>>; readonly format: 'csv' | 'jsonl' | 'tf-record' };

interface Drift {
  /** Against what was asked in the time before. */
  readonly drift: FeatureDistances;
}
interface Skew {
  /** Against what it was trained on. */
  readonly skew: {
    readonly data: TrainingData;
    /** The field that the model foretells, which no request has. */
    readonly target: string;
    readonly features: FeatureDistances;
  };
}

/** One model behind the endpoint, and what of it is watched. */
export type MonitoredModel = { readonly model: VertexModel } & ((Drift & Partial<Skew>) | (Skew & Partial<Drift>));

/** Who is told: by mail, or by a channel of Cloud Monitoring's, `projects/<project>/notificationChannels/<id>`. */
export type MonitoringRecipient = { readonly email: string } | { readonly channel: Input<string> };

export interface VertexMonitoringArgs {
  readonly project: Input<string>;
  readonly location: Input<string>;
  /** `projects/<project>/locations/<location>/endpoints/<id>`, as `VertexEndpoint.resource` is. */
  readonly endpoint: Input<string>;
  /** By a name each. */
  readonly models: Readonly<Record<string, MonitoredModel>>;
  /** What came since is compared so often. Whole hours. */
  readonly every: DurationInput;
  /** Share of the requests that are kept and compared. */
  readonly sampled: RatioInput;
  readonly told: NonEmpty<MonitoringRecipient>;
  /** How long requests are kept, in tables of BigQuery. Whole days. @default - for ever */
  readonly kept?: DurationInput;
  /** Files of Cloud Storage that say what an instance looks like. @default - read from the first requests */
  readonly schemas?: {
    /** As it is sent. */
    readonly sent?: Input<`gs://${string}`>;
    /** As it is compared, where that is another. */
    readonly compared?: Input<`gs://${string}`>;
  };
  readonly encryptionKey?: Input<string>;
  readonly labels?: Readonly<Record<string, Input<string>>>;
  /** As `VertexModelArgs.provider`, exporting `monitoring`, a `VertexMonitoringProvider`. */
  readonly provider: string;
}

/**
 * The features that models behind an endpoint are asked about, compared again and again with those of before or of the
 * training, so that somebody hears of a world that has changed. For models of tabular data: an instance is an object of
 * features, `{"instances": [{...}]}`. The Google provider has no resource for it, so that it is made over the REST API;
 * another deployed model is watched by the same job as soon as it is there.
 */
export class VertexMonitoring extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly job: MonitoringJob };
  /** `projects/<project>/locations/<location>/modelDeploymentMonitoringJobs/<id>`. */
  readonly resource: Output<string>;

  /**
   * @throws {ConstructError} `quantity-malformed` for nothing that is watched, a distance or a share of 0%, hours or days
   *   that are not whole; `reference-missing` for a provider that is not in the project
   */
  constructor(name: string, args: VertexMonitoringArgs, options: ComponentResourceOptions = {}) {
    const { kept, schemas, encryptionKey } = args;
    const objectives = Object.entries(args.models).map(([id, model]) => objectiveOf(`models.${id}`, model));
    if (objectives.length === 0) throw malformed('models', 'none, expected one');
    const interval = whole('every', args.every, Duration.parse('1 hour'));
    const logTtl = kept === undefined ? undefined : whole('kept', kept, Duration.parse('1 day'));
    const sampleRate = positive('sampled', args.sampled);
    checkModule(args.provider);
    super('penstock:gcp:VertexMonitoring', name, {}, options);
    const inputs: Requested = {
      parent: interpolate`projects/${args.project}/locations/${args.location}`,
      endpoint: args.endpoint,
      key: speakingId('w', name, fingerprintOf({ project: getProject(), stack: getStack(), name })),
      displayName: name,
      labels: output({ ...args.labels }),
      modelDeploymentMonitoringObjectiveConfigs: objectives,
      modelDeploymentMonitoringScheduleConfig: { monitorInterval: interval },
      loggingSamplingStrategy: { randomSampleConfig: { sampleRate } },
      modelMonitoringAlertConfig: alertsOf(args.told),
      ...(logTtl === undefined ? {} : { logTtl }),
      ...(schemas?.sent === undefined ? {} : { predictInstanceSchemaUri: schemas.sent }),
      ...(schemas?.compared === undefined ? {} : { analysisInstanceSchemaUri: schemas.compared }),
      ...(encryptionKey === undefined ? {} : { encryptionSpec: { kmsKeyName: encryptionKey } }),
    };
    const models = Object.values(args.models).map(({ model }) => model);
    // The ids of deployed models are known before they are deployed.
    const job = new MonitoringJob(`${name}-job`, inputs, args.provider, { parent: this, dependsOn: models });
    this.nodes = { job };
    this.resource = job.id;
    this.registerOutputs({ resource: this.resource });
  }
}

type Requested = { readonly [K in keyof VertexMonitoringInputs]: Input<unknown> };

class MonitoringJob extends DynamicResource {
  constructor(name: string, inputs: Requested, provider: string, options: CustomResourceOptions) {
    super('VertexMonitoring', name, { provider, exported: 'monitoring', outputs: ['state'] }, inputs, options);
  }
}

function objectiveOf(path: string, { model, drift, skew }: MonitoredModel): Input<MonitoringObjective> {
  const config: { [K in keyof MonitoringObjective['objectiveConfig']]: Input<unknown> } = {
    ...(skew === undefined
      ? {}
      : {
          trainingDataset: { ...sourceOf(skew.data), targetField: skew.target },
          trainingPredictionSkewDetectionConfig: { skewThresholds: thresholds(`${path}.skew.features`, skew.features) },
        }),
    ...(drift === undefined
      ? {}
      : { predictionDriftDetectionConfig: { driftThresholds: thresholds(`${path}.drift`, drift) } }),
  };
  return output({ deployedModelId: model.deployedModelId, objectiveConfig: config }) as Output<MonitoringObjective>;
}

const sourceOf = (data: TrainingData) =>
  'table' in data
    ? { bigquerySource: { inputUri: data.table } }
    : { gcsSource: { uris: [...data.files] }, dataFormat: data.format };

function thresholds(path: string, features: FeatureDistances): Readonly<Record<string, { readonly value: number }>> {
  const entries = Object.entries(features);
  if (entries.length === 0) throw malformed(path, 'none, expected a feature');
  return Object.fromEntries(entries.map(([id, distance]) => [id, { value: positive(`${path}.${id}`, distance) }]));
}

/** What was found can be read in Cloud Logging whoever is told. */
function alertsOf(told: VertexMonitoringArgs['told']): object {
  const userEmails = told.flatMap((each) => ('email' in each ? [each.email] : []));
  const notificationChannels = told.flatMap((each) => ('channel' in each ? [each.channel] : []));
  return {
    enableLogging: true,
    ...(userEmails.length === 0 ? {} : { emailAlertConfig: { userEmails } }),
    ...(notificationChannels.length === 0 ? {} : { notificationChannels }),
  };
}

function positive(path: string, written: RatioInput): number {
  const { value } = Ratio.is(written) ? written : Ratio.parse(written);
  if (value > 0) return value;
  throw malformed(path, 'received 0%, expected more');
}

/** In seconds, as the API takes it. */
function whole(path: string, written: DurationInput, unit: Duration): string {
  const duration = Duration.is(written) ? written : Duration.parse(written);
  if (duration.microseconds > 0 && duration.microseconds % unit.microseconds === 0) return `${duration.inSeconds}s`;
  throw malformed(path, `received ${duration}, expected a multiple of ${unit}`);
}

const malformed = (path: string, message: string): ConstructError =>
  new ConstructError('quantity-malformed', path, message);
