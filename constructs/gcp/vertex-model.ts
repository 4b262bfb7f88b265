import { fingerprintOf, Ratio, type RatioInput } from '@penstock/model';
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
import { containerSpec, type VertexContainer } from './vertex-container.ts';
import { speakingId, tenDigits } from './vertex-id.ts';
import { checkCapacity, dedicatedResources, type VertexMachine, type VertexReplicas } from './vertex-machine.ts';
import type { VertexModelInputs } from './vertex-model-provider.ts';

/** What a deployed model runs on: machines of its own, or those of a `DeploymentResourcePool`. */
export type VertexModelResources<Min extends number = number> =
  | { readonly machine: VertexMachine; readonly replicas: VertexReplicas<Min> }
  | { readonly pool: Input<string> };

export interface VertexModelArgs<Min extends number = number> {
  readonly project: Input<string>;
  readonly location: Input<string>;
  /** `projects/<project>/locations/<location>/endpoints/<id>`, as `VertexEndpoint.resource` is. */
  readonly endpoint: Input<string>;
  /** The server. It finds the files where its variable AIP_STORAGE_URI says. */
  readonly container: VertexContainer;
  /** `gs://<bucket>/<folder>`: the files of the model. @default - they are in the image */
  readonly artifacts?: Input<string>;
  readonly resources: VertexModelResources<Min>;
  /** Share of the endpoint's requests; the other models keep theirs in proportion. @default '100%' */
  readonly traffic?: RatioInput;
  /** Email of the account that the server runs as. @default - one without any right in the project */
  readonly serviceAccount?: Input<string>;
  readonly encryptionKey?: Input<string>;
  readonly labels?: Readonly<Record<string, Input<string>>>;
  /**
   * Module that exports `provider`, a `VertexModelProvider` with the credentials of the program: its path from the folder
   * of Pulumi.yaml. Pulumi loads it in a process of its own, also to destroy what an older program made.
   */
  readonly provider: string;
}

/**
 * A model of one's own on Vertex AI: uploaded, deployed behind an endpoint, given its share of the requests. The Google
 * provider has no resource for it, so that it is made over the REST API. What cannot change in place makes another
 * model beside the old one, which goes when the new one answers.
 */
export class VertexModel<Min extends number = number> extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly model: UploadedModel };
  /** `projects/<project>/locations/<location>/models/<id>`. */
  readonly resource: Output<string>;
  readonly deployedModelId: Output<string>;
  /** By which networks reach its endpoint; undefined where that is none of Private Service Connect. */
  readonly serviceAttachment: Output<string | undefined>;

  /**
   * @throws {ConstructError} `image-mutable`, `machine-unfit`, `quantity-malformed`, `window-too-long`, `reference-missing`
   *   for a provider that is not in the project
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(name: string, args: VertexModelArgs<Min>, options: ComponentResourceOptions = {}) {
    const served = apiContainer(containerSpec('container', args.container));
    const resources = resourcesOf(args.resources as VertexModelResources);
    const traffic = percentOf(args.traffic ?? '100%');
    checkModule(args.provider);
    super('penstock:gcp:VertexModel', name, {}, options);
    const { artifacts, serviceAccount, encryptionKey } = args;
    const fixed = output({
      parent: interpolate`projects/${args.project}/locations/${args.location}`,
      endpoint: args.endpoint,
      containerSpec: served,
      ...(artifacts === undefined ? {} : { artifactUri: artifacts }),
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    });
    const identity = output({ fixed, resources }).apply((settled) => identityOf(name, settled));
    const model = new UploadedModel(
      `${name}-model`,
      {
        parent: fixed.parent,
        endpoint: fixed.endpoint,
        containerSpec: fixed.containerSpec,
        ...(artifacts === undefined ? {} : { artifactUri: artifacts }),
        ...(serviceAccount === undefined ? {} : { serviceAccount }),
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
        modelId: identity.modelId,
        deployedModelId: identity.deployedModelId,
        displayName: name,
        resources,
        labels: output({ ...args.labels }),
        traffic,
      },
      args.provider,
      { parent: this },
    );
    this.nodes = { model };
    this.resource = model.id;
    this.deployedModelId = identity.deployedModelId;
    this.serviceAttachment = model.serviceAttachment;
    this.registerOutputs({ resource: this.resource, deployedModelId: this.deployedModelId });
  }
}

type Requested = { readonly [K in keyof VertexModelInputs]: Input<VertexModelInputs[K]> };

class UploadedModel extends DynamicResource {
  declare readonly serviceAttachment: Output<string | undefined>;

  constructor(name: string, inputs: Requested, provider: string, options: CustomResourceOptions) {
    super('VertexModel', name, { provider, outputs: ['model', 'deployed', 'serviceAttachment'] }, inputs, options);
  }
}

function resourcesOf(resources: VertexModelResources): Requested['resources'] {
  if ('pool' in resources) return output(resources.pool).apply((pool) => ({ pool }));
  checkCapacity('resources.machine', resources.machine, { type: 'on-demand' });
  return { dedicated: dedicatedResources('resources.machine', resources.machine, resources.replicas) };
}

interface Settled {
  readonly fixed: object;
  readonly resources: VertexModelInputs['resources'];
}

/** Two ids of all that cannot change in place; the number of replicas can. */
function identityOf(name: string, { fixed, resources }: Settled): { modelId: string; deployedModelId: string } {
  const place = 'pool' in resources ? resources.pool : resources.dedicated.machineSpec;
  const fingerprint = fingerprintOf({ project: getProject(), stack: getStack(), name, fixed, place });
  return {
    modelId: speakingId('m', name, fingerprint),
    deployedModelId: tenDigits(fingerprint),
  };
}

function percentOf(written: RatioInput): number {
  const percent = Number(((Ratio.is(written) ? written : Ratio.parse(written)).value * 100).toPrecision(12));
  if (Number.isInteger(percent)) return percent;
  throw new ConstructError('quantity-malformed', 'traffic', `received ${written}, expected whole per cents`);
}

/** The API says `env` and `command` where the provider of its other resources says `envs` and `commands`. */
function apiContainer(spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return renamed(spec) as Readonly<Record<string, unknown>>;
}

const API_NAMES: Readonly<Record<string, string>> = { envs: 'env', commands: 'command' };

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (value === null || typeof value !== 'object' || '__pulumiOutput' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [API_NAMES[key] ?? key, renamed(inner)]));
}
