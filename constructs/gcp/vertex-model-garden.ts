import { secretmanager, vertex } from '@pulumi/gcp';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
  secret,
} from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import type { SecretReference } from '../secret-reference.ts';
import type { PrivateServiceConnect, PublicAccess, ServiceConnection } from './vertex-access.ts';
import { containerSpec, type VertexContainer } from './vertex-container.ts';
import {
  checkCapacity,
  dedicatedResources,
  reservationAffinity,
  type VertexCapacity,
  type VertexMachine,
  type VertexReplicas,
} from './vertex-machine.ts';

/** What is deployed: a model of a publisher, or one of Hugging Face. */
export type GardenModel =
  | { readonly publisher: `publishers/${string}/models/${string}@${string}` }
  | {
      readonly huggingFace: `${string}/${string}`;
      /** For what is not open to everybody. @default - none */
      readonly token?: SecretReference;
      /** Take the files from Google's own copy. @default false */
      readonly cached?: boolean;
    };

export interface ModelGardenDeploymentArgs<Min extends number = number> {
  readonly location: Input<string>;
  readonly model: GardenModel;
  /**
   * That somebody has read the licence of the model and agrees: nothing is deployed without, and nobody can agree by
   * leaving a line out.
   */
  readonly licenceAccepted: true;
  readonly machine: VertexMachine;
  /** Machines of one replica that spans several. @default 1 */
  readonly nodes?: number;
  readonly replicas: VertexReplicas<Min>;
  /** @default { type: 'on-demand' } */
  readonly capacity?: VertexCapacity;
  /** The API takes one network here, and no peering. @default { type: 'public' } */
  readonly access?: PublicAccess | (PrivateServiceConnect & { readonly connection?: ServiceConnection });
  /** @default - the container that the garden knows for the model */
  readonly container?: VertexContainer;
  /** @default 'DELETE' */
  readonly deletion?: 'DELETE' | 'PREVENT' | 'ABANDON';
  readonly overrides?: { readonly deployment?: Partial<vertex.AiEndpointWithModelGardenDeploymentArgs> };
}

/**
 * A model of the Model Garden on an endpoint of its own. The provider cannot change one in place: whatever changes here
 * replaces it. When it goes, the provider undeploys the model before it deletes the endpoint.
 */
export class ModelGardenDeployment<Min extends number = number> extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly deployment: vertex.AiEndpointWithModelGardenDeployment };
  /** `projects/<project>/locations/<location>/endpoints/<id>`. */
  readonly resource: Output<string>;
  /** Host of the API that knows the endpoint; an endpoint's own host name is on the endpoint. */
  readonly address: Binding<Output<string>>;
  readonly deployedModelId: Output<string>;

  /**
   * @throws {ConstructError} `machine-unfit`, `quantity-malformed`, `image-mutable`, `window-too-long`,
   *   `reference-missing` where nobody has agreed to the licence
   * @throws {ModelError} `accelerator-mismatch` for a machine without devices of the class
   */
  constructor(name: string, args: ModelGardenDeploymentArgs<Min>, options: ComponentResourceOptions = {}) {
    const { location, model, machine, container, nodes = 1 } = args;
    const capacity = args.capacity ?? { type: 'on-demand' };
    if (args.licenceAccepted !== true)
      throw new ConstructError('reference-missing', 'licenceAccepted', 'nobody agrees to the licence of the model');
    checkCapacity('machine', machine, capacity);
    const { machineSpec, ...resources } = dedicatedResources('machine', machine, args.replicas as VertexReplicas);
    const spread = spreadOf(machine, nodes);
    const served = container === undefined ? undefined : containerSpec('container', container);
    super('penstock:gcp:ModelGardenDeployment', name, {}, options);
    const deployment = new vertex.AiEndpointWithModelGardenDeployment(
      `${name}-deployment`,
      {
        location,
        ...('publisher' in model ? { publisherModelName: model.publisher } : { huggingFaceModelId: model.huggingFace }),
        modelConfig: {
          acceptEula: true,
          ...('huggingFace' in model ? huggingFace(model, this) : {}),
          ...(served === undefined ? {} : { containerSpec: served }),
        },
        deployConfig: {
          dedicatedResources: {
            ...resources,
            machineSpec: { ...machineSpec, ...spread, ...reservationAffinity(capacity) },
            ...(capacity.type === 'spot' ? { spot: true } : {}),
          },
        },
        endpointConfig: accessOf(args.access ?? { type: 'public' }),
        deletionPolicy: args.deletion ?? 'DELETE',
        ...args.overrides?.deployment,
      },
      // The argument is a plain string to the provider: without this the token would lie readable in what it gives back.
      {
        parent: this,
        additionalSecretOutputs: 'huggingFace' in model && model.token !== undefined ? ['modelConfig'] : [],
      },
    );
    this.nodes = { deployment };
    this.resource = deployment.endpoint;
    this.address = Binding.of(interpolate`${deployment.location}-aiplatform.googleapis.com`);
    this.deployedModelId = deployment.deployedModelId;
    this.registerOutputs({ resource: this.resource, deployedModelId: this.deployedModelId });
  }
}

function spreadOf({ gpu, devices, machine }: VertexMachine, nodes: number): { multihostGpuNodeCount?: number } {
  if (nodes === 1) return {};
  if (!Number.isInteger(nodes) || nodes < 1)
    throw new ConstructError('quantity-malformed', 'nodes', `received ${nodes}, expected a whole number from 1`);
  if (gpu === undefined || devices !== undefined)
    throw new ConstructError(
      'machine-unfit',
      'nodes',
      `a replica of ${nodes} nodes takes all devices of each, and ${machine} is asked for ${gpu === undefined ? 'none' : 'a part'}`,
    );
  return { multihostGpuNodeCount: nodes };
}

function accessOf(
  access: NonNullable<ModelGardenDeploymentArgs['access']>,
): NonNullable<vertex.AiEndpointWithModelGardenDeploymentArgs['endpointConfig']> {
  if (access.type === 'public') return { dedicatedEndpointEnabled: true };
  const { connection } = access;
  return {
    privateServiceConnectConfig: {
      enablePrivateServiceConnect: true,
      projectAllowlists: [...access.projects],
      ...(connection === undefined
        ? {}
        : { pscAutomationConfigs: { projectId: connection.project, network: connection.network } }),
    },
  };
}

function huggingFace(
  { token, cached = false }: Extract<GardenModel, { readonly huggingFace: string }>,
  parent: ComponentResource,
) {
  return {
    huggingFaceCacheEnabled: cached,
    ...(token === undefined ? {} : { huggingFaceAccessToken: tokenOf(token, parent) }),
  };
}

/**
 * The value, read while the program runs and encrypted by the stack's own key wherever Pulumi writes it down: the
 * provider has no argument that takes the name of a secret, so that the ciphertext has to be in the state.
 */
function tokenOf(reference: SecretReference, parent: ComponentResource): Output<string> {
  const { key, property, version } = reference.lower();
  const { secretData } = secretmanager.getSecretVersionOutput(
    { secret: key, ...(version === undefined ? {} : { version }) },
    { parent },
  );
  return secret(property === undefined ? secretData : secretData.apply((text) => fieldOf(text, property)));
}

function fieldOf(text: string, property: string): string {
  const fields: unknown = JSON.parse(text);
  const value = typeof fields === 'object' && fields !== null ? Reflect.get(fields, property) : undefined;
  if (typeof value === 'string') return value;
  throw new ConstructError('reference-missing', 'model.token', `the secret has no text in its field ${property}`);
}
