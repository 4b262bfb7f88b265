import { canonicalJson } from '@penstock/model';
import type { dynamic } from '@pulumi/pulumi';
import { partlyMade } from './partly-made.ts';
import { type Operation, VertexApi, type VertexApiOptions } from './vertex-api.ts';
import { VertexError } from './vertex-error.ts';
import { KEY_LABEL } from './vertex-id.ts';
import type { DedicatedResources } from './vertex-machine.ts';
import { splitWith, type TrafficSplit } from './vertex-traffic.ts';

/** A model to be uploaded and deployed: what Pulumi keeps of it. */
export interface VertexModelInputs {
  /** `projects/<project>/locations/<location>`. */
  readonly parent: string;
  /** `projects/<project>/locations/<location>/endpoints/<id>`. */
  readonly endpoint: string;
  /** Says all that cannot change in place: another of it is another model. */
  readonly modelId: string;
  /** Ten digits, made of the same. */
  readonly deployedModelId: string;
  readonly displayName: string;
  readonly artifactUri?: string;
  readonly containerSpec: Readonly<Record<string, unknown>>;
  readonly encryptionKey?: string;
  /** The model has machines of its own, or shares those of a pool. */
  readonly resources: { readonly dedicated: DedicatedResources } | { readonly pool: string };
  readonly serviceAccount?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Per cents of the endpoint's requests. */
  readonly traffic: number;
}

export interface VertexModelState extends VertexModelInputs {
  /** Full name of the model. */
  readonly model: string;
  /** False where the model is there and is not, or not yet, behind its endpoint. */
  readonly deployed: boolean;
  /** By which networks reach an endpoint of Private Service Connect: there is none before its first model. */
  readonly serviceAttachment?: string;
}

interface Model {
  readonly name: string;
  readonly displayName?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface DeployedModel {
  readonly id: string;
  readonly privateEndpoints?: { readonly serviceAttachment?: string };
}

interface Endpoint {
  readonly etag?: string;
  readonly deployedModels?: readonly DeployedModel[];
  readonly trafficSplit?: TrafficSplit;
}

const CHANGEABLE = ['displayName', 'labels', 'traffic'] as const;

/** Uploads, deploys, changes and takes down models over the API. Stateless: whatever it has to know it looks up. */
export class VertexModelProvider implements dynamic.ResourceProvider<VertexModelInputs, VertexModelState> {
  readonly #api: VertexApi;

  constructor(options: VertexApiOptions) {
    this.#api = new VertexApi(options);
  }

  async diff(_id: string, olds: VertexModelState, news: VertexModelInputs): Promise<dynamic.DiffResult> {
    // The id is made of all that cannot change, so that the new model stands beside the old one until it answers.
    const replaces = (['parent', 'endpoint', 'modelId'] as const).filter((field) => olds[field] !== news[field]);
    const changed =
      CHANGEABLE.some((field) => canonicalJson(olds[field]) !== canonicalJson(news[field])) ||
      canonicalJson(olds.resources) !== canonicalJson(news.resources);
    return { changes: replaces.length > 0 || changed || !olds.deployed, replaces, deleteBeforeReplace: false };
  }

  async create(inputs: VertexModelInputs): Promise<dynamic.CreateResult<VertexModelState>> {
    const model = await this.#upload(inputs);
    try {
      const deployed = await this.#deploy(inputs, model.name);
      return { id: model.name, outs: stateOf(inputs, model.name, deployed) };
    } catch (error) {
      // Pulumi keeps what it is told so, and the model is taken down with the stack, or deployed by the next run.
      throw partlyMade(error, model.name, stateOf(inputs, model.name, undefined));
    }
  }

  async update(id: string, olds: VertexModelState, news: VertexModelInputs): Promise<dynamic.UpdateResult> {
    const model = await this.#upload(news);
    if (olds.displayName !== news.displayName || canonicalJson(olds.labels) !== canonicalJson(news.labels))
      await this.#api.send('PATCH', `${model.name}?updateMask=displayName,labels`, describe(news));
    const resized =
      olds.deployed && 'dedicated' in news.resources && canonicalJson(olds.resources) !== canonicalJson(news.resources)
        ? news.resources.dedicated
        : undefined;
    try {
      const deployed = await this.#deploy(news, model.name);
      if (resized !== undefined) await this.#resize(news, resized);
      return { outs: stateOf(news, model.name, deployed) };
    } catch (error) {
      throw partlyMade(error, id, stateOf(news, model.name, await this.#deployed(news)));
    }
  }

  async read(id: string, props?: VertexModelState): Promise<dynamic.ReadResult<VertexModelState>> {
    if (props === undefined)
      throw new VertexError('request-refused', id, 'cannot be imported: nothing says behind which endpoint it is');
    const model = await this.#api.find<Model>(id);
    // An empty id is how a provider says that a resource is gone.
    if (model === undefined) return { id: '', props };
    return { id, props: stateOf(props, model.name, await this.#deployed(props)) };
  }

  /** Undeployed first: a model that is deployed is not deleted, and its machines are paid for. */
  async delete(id: string, props: VertexModelState): Promise<void> {
    const { endpoint, deployedModelId } = props;
    await this.#api.reach(
      `undeploy ${deployedModelId}`,
      async () => {
        const there = await this.#api.find<Endpoint>(endpoint);
        return there?.deployedModels?.some((each) => each.id === deployedModelId) === true ? undefined : true;
      },
      async () => {
        await this.#route(props, 0);
        return this.#api.sendUnlessGone('POST', `${endpoint}:undeployModel`, { deployedModelId });
      },
    );
    await this.#api.remove(id);
  }

  async #upload(inputs: VertexModelInputs): Promise<Model> {
    const { parent, modelId, artifactUri, containerSpec, encryptionKey } = inputs;
    const name = `${parent}/models/${modelId}`;
    const model = await this.#api.reach(
      `upload ${modelId}`,
      () => this.#api.find<Model>(name),
      () =>
        this.#api.send<Operation>('POST', `${parent}/models:upload`, {
          modelId,
          model: {
            ...describe(inputs),
            containerSpec,
            ...(artifactUri === undefined ? {} : { artifactUri }),
            ...(encryptionKey === undefined ? {} : { encryptionSpec: { kmsKeyName: encryptionKey } }),
          },
        }),
    );
    if (model.labels?.[KEY_LABEL] === modelId) return model;
    throw new VertexError('not-ours', name, `has no label ${KEY_LABEL} ${modelId}: somebody else made it`);
  }

  async #deploy(inputs: VertexModelInputs, model: string): Promise<DeployedModel> {
    const { endpoint, deployedModelId, displayName, resources, serviceAccount } = inputs;
    const deployed = await this.#api.reach(
      `deploy ${inputs.modelId}`,
      () => this.#deployed(inputs),
      () =>
        // Without a share of the traffic: that comes when the model has shown that it runs.
        this.#api.send<Operation>('POST', `${endpoint}:deployModel`, {
          deployedModel: {
            id: deployedModelId,
            model,
            displayName,
            ...(serviceAccount === undefined ? {} : { serviceAccount }),
            ...('pool' in resources
              ? { sharedResources: resources.pool }
              : { dedicatedResources: resources.dedicated }),
          },
        }),
    );
    await this.#route(inputs, inputs.traffic);
    return deployed;
  }

  async #resize({ endpoint, deployedModelId }: VertexModelInputs, dedicated: DedicatedResources): Promise<void> {
    await this.#api.perform(`resize ${deployedModelId}`, () =>
      this.#api.send<Operation>('POST', `${endpoint}:mutateDeployedModel`, {
        deployedModel: { id: deployedModelId, dedicatedResources: dedicated },
        updateMask: [
          'dedicatedResources.minReplicaCount',
          'dedicatedResources.maxReplicaCount',
          'dedicatedResources.autoscalingMetricSpecs',
        ].join(','),
      }),
    );
  }

  /** By the etag that was read: whoever routes on the same endpoint meanwhile is not overwritten. */
  async #route({ endpoint, deployedModelId }: VertexModelInputs, percent: number): Promise<void> {
    await this.#api.reach(
      `route ${percent} % to ${deployedModelId}`,
      async () => {
        const { trafficSplit = {} } = (await this.#api.find<Endpoint>(endpoint)) ?? {};
        return canonicalJson(trafficSplit) === canonicalJson(splitWith(trafficSplit, deployedModelId, percent))
          ? true
          : undefined;
      },
      async () => {
        const { etag, trafficSplit = {} } = await this.#api.send<Endpoint>('GET', endpoint);
        await this.#api.send('PATCH', `${endpoint}?updateMask=trafficSplit`, {
          etag,
          trafficSplit: splitWith(trafficSplit, deployedModelId, percent),
        });
        // This one method answers with the endpoint itself.
        return { name: endpoint, done: true };
      },
    );
  }

  async #deployed({ endpoint, deployedModelId }: VertexModelInputs): Promise<DeployedModel | undefined> {
    const { deployedModels = [] } = (await this.#api.find<Endpoint>(endpoint)) ?? {};
    return deployedModels.find(({ id }) => id === deployedModelId);
  }
}

const describe = ({ displayName, labels, modelId }: VertexModelInputs) => ({
  displayName,
  labels: { ...labels, [KEY_LABEL]: modelId },
});

function stateOf(
  { serviceAttachment: _known, ...inputs }: VertexModelInputs & Pick<VertexModelState, 'serviceAttachment'>,
  model: string,
  deployed: DeployedModel | undefined,
): VertexModelState {
  const serviceAttachment = deployed?.privateEndpoints?.serviceAttachment;
  return {
    ...inputs,
    model,
    deployed: deployed !== undefined,
    ...(serviceAttachment === undefined ? {} : { serviceAttachment }),
  };
}
