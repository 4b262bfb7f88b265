import { canonicalJson } from '@penstock/model';
import type { dynamic } from '@pulumi/pulumi';
import { partlyMade } from './partly-made.ts';
import { type Operation, VertexApi, type VertexApiOptions } from './vertex-api.ts';
import { VertexError } from './vertex-error.ts';
import { KEY_LABEL } from './vertex-id.ts';

type Thresholds = Readonly<Record<string, { readonly value: number }>>;

/** What is compared of one deployed model, as the API has it. */
export interface MonitoringObjective {
  readonly deployedModelId: string;
  readonly objectiveConfig: {
    readonly trainingDataset?: Readonly<Record<string, unknown>>;
    readonly trainingPredictionSkewDetectionConfig?: { readonly skewThresholds: Thresholds };
    readonly predictionDriftDetectionConfig?: { readonly driftThresholds: Thresholds };
  };
}

/** A `ModelDeploymentMonitoringJob`: what Pulumi keeps of it, by the API's own names. */
export interface VertexMonitoringInputs {
  /** `projects/<project>/locations/<location>`. */
  readonly parent: string;
  readonly endpoint: string;
  /** The name is the server's: by this label it is known for ours. */
  readonly key: string;
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly modelDeploymentMonitoringObjectiveConfigs: readonly MonitoringObjective[];
  readonly modelDeploymentMonitoringScheduleConfig: { readonly monitorInterval: string };
  readonly loggingSamplingStrategy: { readonly randomSampleConfig: { readonly sampleRate: number } };
  readonly modelMonitoringAlertConfig: Readonly<Record<string, unknown>>;
  readonly logTtl?: string;
  readonly predictInstanceSchemaUri?: string;
  readonly analysisInstanceSchemaUri?: string;
  readonly encryptionSpec?: { readonly kmsKeyName: string };
}

export interface VertexMonitoringState extends VertexMonitoringInputs {
  /** As the API says it, e.g. `JOB_STATE_RUNNING`. */
  readonly state: string;
}

interface Job {
  readonly name: string;
  readonly state?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly error?: Operation['error'];
}

const CHANGEABLE = [
  'displayName',
  'labels',
  'modelDeploymentMonitoringObjectiveConfigs',
  'modelDeploymentMonitoringScheduleConfig',
  'loggingSamplingStrategy',
  'modelMonitoringAlertConfig',
  'logTtl',
] as const;
const FIXED = [
  'parent',
  'endpoint',
  'key',
  'predictInstanceSchemaUri',
  'analysisInstanceSchemaUri',
  'encryptionSpec',
] as const;

/** It comes to something else by itself. */
const COMING = ['JOB_STATE_QUEUED', 'JOB_STATE_PENDING', 'JOB_STATE_UPDATING', 'JOB_STATE_CANCELLING'];
/** It compares, or somebody has it wait. */
const LIVING = ['JOB_STATE_RUNNING', 'JOB_STATE_PAUSED'];

/** Makes, changes and takes down the jobs that watch deployed models. Stateless: whatever it has to know it looks up. */
export class VertexMonitoringProvider
  implements dynamic.ResourceProvider<VertexMonitoringInputs, VertexMonitoringState>
{
  readonly #api: VertexApi;

  constructor(options: VertexApiOptions) {
    this.#api = new VertexApi(options);
  }

  async diff(_id: string, olds: VertexMonitoringState, news: VertexMonitoringInputs): Promise<dynamic.DiffResult> {
    const replaces: string[] = changed(FIXED, olds, news);
    const { state } = olds;
    // One that has ended begins no more.
    if (!LIVING.includes(state) && !COMING.includes(state)) replaces.push('state');
    return {
      changes: replaces.length > 0 || COMING.includes(state) || changed(CHANGEABLE, olds, news).length > 0,
      replaces,
      // An endpoint has one.
      deleteBeforeReplace: true,
    };
  }

  async create(inputs: VertexMonitoringInputs): Promise<dynamic.CreateResult<VertexMonitoringState>> {
    const { name } = await this.#make(inputs);
    return { id: name, outs: await this.#settled(name, inputs) };
  }

  async update(
    id: string,
    olds: VertexMonitoringState,
    news: VertexMonitoringInputs,
  ): Promise<dynamic.UpdateResult<VertexMonitoringState>> {
    const fields = changed(CHANGEABLE, olds, news);
    try {
      if (fields.length > 0)
        await this.#api.perform(`change ${id}`, () =>
          this.#api.send<Operation>('PATCH', `${id}?updateMask=${fields.join(',')}`, bodyOf(news)),
        );
    } catch (error) {
      throw partlyMade(error, id, olds);
    }
    return { outs: await this.#settled(id, news) };
  }

  async read(id: string, props?: VertexMonitoringState): Promise<dynamic.ReadResult<VertexMonitoringState>> {
    if (props === undefined)
      throw new VertexError('request-refused', id, 'cannot be imported: nothing says what it was asked for');
    const job = await this.#api.find<Job>(id);
    // An empty id is how a provider says that a resource is gone.
    return job === undefined ? { id: '', props } : { id, props: stateOf(props, job) };
  }

  async delete(id: string): Promise<void> {
    await this.#api.remove(id);
  }

  /** What a run left that died is taken away: nobody knows any more what it was asked for. */
  async #make(inputs: VertexMonitoringInputs): Promise<Job> {
    let asked = false;
    let made: Job | undefined;
    return this.#api.reach(
      `watch ${inputs.endpoint}`,
      async () => made ?? (asked ? this.#ours(inputs) : undefined),
      async () => {
        const left = asked ? undefined : await this.#ours(inputs);
        if (left !== undefined) return this.#api.sendUnlessGone('DELETE', left.name);
        asked = true;
        const jobs = `${inputs.parent}/modelDeploymentMonitoringJobs`;
        made = await this.#api.sendOnce<Job>('POST', jobs, bodyOf(inputs));
        return { name: made.name, done: true };
      },
    );
  }

  async #ours({ parent, endpoint, key }: VertexMonitoringInputs): Promise<Job | undefined> {
    const filter = encodeURIComponent(`labels.${KEY_LABEL}=${key}`);
    const { modelDeploymentMonitoringJobs: listed = [] } = await this.#api.send<{
      readonly modelDeploymentMonitoringJobs?: readonly Job[];
    }>('GET', `${parent}/modelDeploymentMonitoringJobs?filter=${filter}`);
    if (listed[0] !== undefined) return listed[0];
    const { modelDeploymentMonitoringJob: name } =
      (await this.#api.find<{ readonly modelDeploymentMonitoringJob?: string }>(endpoint)) ?? {};
    const job = name === undefined ? undefined : await this.#api.find<Job>(name);
    if (job === undefined || job.labels?.[KEY_LABEL] === key) return job;
    throw new VertexError('not-ours', endpoint, `is watched by ${job.name}, which somebody else made`);
  }

  /** Waits until it compares, or cannot: the baseline of the training data is made meanwhile. */
  async #settled(name: string, inputs: VertexMonitoringInputs): Promise<VertexMonitoringState> {
    let job: Job = { name, state: 'JOB_STATE_PENDING' };
    try {
      await this.#api.finish(`watch by ${name}`, { name }, async () => {
        job = await this.#api.send<Job>('GET', name);
        return progressOf(job);
      });
    } catch (error) {
      // Pulumi keeps what it is told so, and the job is taken down with the stack, or made anew by the next run.
      throw partlyMade(error, name, stateOf(inputs, job));
    }
    return stateOf(inputs, job);
  }
}

function progressOf({ name, state = '', error }: Job): Operation {
  if (COMING.includes(state)) return { name };
  if (LIVING.includes(state)) return { name, done: true };
  return { name, done: true, error: error ?? { code: 0, message: `ended as ${state}` } };
}

const changed = <K extends keyof VertexMonitoringInputs>(
  fields: readonly K[],
  olds: VertexMonitoringInputs,
  news: VertexMonitoringInputs,
): K[] => fields.filter((field) => canonicalJson(olds[field] ?? null) !== canonicalJson(news[field] ?? null));

/** Field by field: Pulumi's host hands its own ones on. */
function bodyOf(inputs: VertexMonitoringInputs): object {
  const body = Object.fromEntries(
    ([...CHANGEABLE, ...FIXED] as const)
      .filter((field) => field !== 'parent' && field !== 'key' && inputs[field] !== undefined)
      .map((field) => [field, inputs[field]]),
  );
  return { ...body, labels: { ...inputs.labels, [KEY_LABEL]: inputs.key } };
}

const stateOf = (inputs: VertexMonitoringInputs, { state = '' }: Job): VertexMonitoringState => ({ ...inputs, state });
