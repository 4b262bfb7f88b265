/** Of the stand-in for Vertex AI: a job that watches deployed models. */
interface Monitor {
  readonly name: string;
  readonly state: string;
  readonly endpoint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly modelDeploymentMonitoringObjectiveConfigs: readonly { readonly deployedModelId: string }[];
  readonly error?: { readonly code: number; readonly message: string } | undefined;
}

type Body = Readonly<Record<string, unknown>> & Partial<Pick<Monitor, 'modelDeploymentMonitoringObjectiveConfigs'>>;

/** What it refuses, by Google's own word. */
export type Refusal = readonly [status: number, reason: string, message: string];

const CHANGEABLE = [
  'displayName',
  'labels',
  'logTtl',
  'loggingSamplingStrategy',
  'modelDeploymentMonitoringObjectiveConfigs',
  'modelDeploymentMonitoringScheduleConfig',
  'modelMonitoringAlertConfig',
];
const REQUIRED = [
  'displayName',
  'endpoint',
  'loggingSamplingStrategy',
  'modelDeploymentMonitoringObjectiveConfigs',
  'modelDeploymentMonitoringScheduleConfig',
];

/**
 * `modelDeploymentMonitoringJobs` of the REST reference. The server gives the names, and is as unhelpful as the reference
 * allows: it makes another one whenever it is asked. A job comes to life by itself, or fails when it nearly has.
 */
export class VertexMonitors {
  readonly all = new Map<string, Monitor>();
  readonly #parent: string;
  readonly #deployed: () => readonly string[];
  /** How often a job is looked at before it watches. */
  polls = 2;
  #made = 0;

  constructor(parent: string, deployed: () => readonly string[]) {
    this.#parent = `${parent}/modelDeploymentMonitoringJobs`;
    this.#deployed = deployed;
  }

  has(path: string): boolean {
    return path.startsWith(this.#parent);
  }

  /** Of those that watch an endpoint, the one that it shows. */
  of(endpoint: string): { readonly modelDeploymentMonitoringJob?: string } {
    const shown = [...this.all.values()].find((each) => each.endpoint === endpoint);
    return shown === undefined ? {} : { modelDeploymentMonitoringJob: shown.name };
  }

  act(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Body,
    begin: (resource: string, effect: () => void) => unknown,
    fails: boolean,
    refuse: (...refusal: Refusal) => never,
  ): unknown {
    if (path === this.#parent) return method === 'GET' ? this.#list(query) : this.#create(body, fails, refuse);
    const job = this.all.get(path) ?? refuse(404, 'NOT_FOUND', `${path} is not there`);
    if (method === 'GET') return job;
    if (method === 'DELETE') return begin(path, () => this.all.delete(path));
    const fields = (query.get('updateMask') ?? '').split(',');
    const fixed = fields.filter((field) => !CHANGEABLE.includes(field));
    if (fixed.length > 0) refuse(400, 'INVALID_ARGUMENT', `${fixed} cannot be changed`);
    if (job.state !== 'JOB_STATE_RUNNING') refuse(400, 'FAILED_PRECONDITION', `it is ${job.state}`);
    this.#check(body, refuse);
    return begin(path, () => Object.assign(job, Object.fromEntries(fields.map((field) => [field, body[field]]))));
  }

  #list(query: URLSearchParams): unknown {
    const [, key = '', value] = /^labels\.([\w-]+)=(.+)$/.exec(query.get('filter') ?? '') ?? [];
    const found = [...this.all.values()].filter(({ labels }) => labels[key] === value);
    return found.length === 0 ? {} : { modelDeploymentMonitoringJobs: found };
  }

  #create(body: Body, fails: boolean, refuse: (...refusal: Refusal) => never): unknown {
    const missing = REQUIRED.filter((field) => body[field] === undefined);
    if (missing.length > 0) refuse(400, 'INVALID_ARGUMENT', `${missing} is required`);
    this.#check(body, refuse);
    this.#made += 1;
    let looks = this.polls;
    const error = { code: 3, message: 'the training data cannot be read' };
    const job: Monitor = {
      ...(body as unknown as Monitor),
      name: `${this.#parent}/${this.#made}`,
      get state(): string {
        looks -= 1;
        return looks > 0 ? 'JOB_STATE_PENDING' : fails ? 'JOB_STATE_FAILED' : 'JOB_STATE_RUNNING';
      },
      get error() {
        return looks <= 0 && fails ? error : undefined;
      },
    };
    this.all.set(job.name, job);
    return job;
  }

  #check(
    { modelDeploymentMonitoringObjectiveConfigs: configs = [] }: Body,
    refuse: (...refusal: Refusal) => never,
  ): void {
    for (const { deployedModelId } of configs)
      if (!this.#deployed().includes(deployedModelId))
        refuse(400, 'INVALID_ARGUMENT', `${deployedModelId} is not deployed`);
  }
}
