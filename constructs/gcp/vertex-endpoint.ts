import { fingerprintOf, Ratio, type RatioInput } from '@penstock/model';
import { vertex } from '@pulumi/gcp';
import {
  ComponentResource,
  type ComponentResourceOptions,
  getProject,
  getStack,
  type Input,
  type Output,
} from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import {
  connectConfig,
  type PeeredNetwork,
  type PrivateServiceConnect,
  type PublicAccess,
  type ServiceConnection,
  type VertexDeletion,
} from './vertex-access.ts';
import { tenDigits } from './vertex-id.ts';

/** As `PrivateServiceConnect`, for an endpoint that models are deployed behind. */
export interface PrivateEndpointAccess extends PrivateServiceConnect {
  /**
   * Networks into which Vertex AI puts an address by itself: another one whenever no model was left for a while, and none
   * without a policy of the class `gcp-vertexai` in the network. @default - none: `VertexConnections` makes one that stays
   */
  readonly connections?: readonly ServiceConnection[];
  /** IAM decides of each request too, which takes it a little longer. @default false, who reaches it may call it */
  readonly authorized?: boolean;
}

/** Who reaches an endpoint: the API knows one of these ways at a time. */
export type EndpointAccess = PublicAccess | PeeredNetwork | PrivateEndpointAccess;

export interface VertexEndpointArgs {
  /** Shown in the console. At most 128 characters. */
  readonly displayName: string;
  /** Region, e.g. `europe-west4`. */
  readonly location: Input<string>;
  readonly access: EndpointAccess;
  /** Key of Cloud KMS in the same region, by its full name. @default - a key of Google's */
  readonly encryptionKey?: Input<string>;
  /** Requests and answers that are kept. @default - none */
  readonly requestLog?: {
    /** `bq://<project>.<dataset>.<table>`. */
    readonly table: Input<string>;
    /** Share of the requests. */
    readonly sampled: RatioInput;
  };
  readonly labels?: Readonly<Record<string, Input<string>>>;
  /** @default 'DELETE' */
  readonly deletion?: VertexDeletion;
  readonly overrides?: { readonly endpoint?: Partial<vertex.AiEndpointArgs> };
}

const LONGEST_NAME = 128;

/**
 * An address of Vertex AI for models to be deployed behind. Which models, and their shares of the traffic, belong to
 * whoever deploys them: it is written here by nobody.
 */
export class VertexEndpoint extends ComponentResource {
  /** The raw resources. */
  readonly nodes: { readonly endpoint: vertex.AiEndpoint };
  /** `projects/<project>/locations/<location>/endpoints/<id>`: what a model is deployed to. */
  readonly resource: Output<string>;
  /** The last part of it. */
  readonly id: Output<string>;
  /** Its own host name, where it is public; networks reach others as `VertexConnections` says. */
  readonly address: Binding<Output<string>> | undefined;

  /** @throws {ConstructError} `name-too-long`, `quantity-malformed` for a share of nothing */
  constructor(name: string, args: VertexEndpointArgs, options: ComponentResourceOptions = {}) {
    const { displayName, location, access, encryptionKey, requestLog } = args;
    if (displayName.length > LONGEST_NAME)
      throw new ConstructError('name-too-long', 'displayName', `${displayName.length} of ${LONGEST_NAME} characters`);
    const sampled = requestLog === undefined ? undefined : shareOf(requestLog.sampled);
    super('penstock:gcp:VertexEndpoint', name, {}, options);
    const endpoint = new vertex.AiEndpoint(
      `${name}-endpoint`,
      {
        name: endpointId(name),
        displayName,
        location,
        region: location,
        ...accessOf(access),
        ...(encryptionKey === undefined ? {} : { encryptionSpec: { kmsKeyName: encryptionKey } }),
        ...(requestLog === undefined || sampled === undefined
          ? {}
          : {
              predictRequestResponseLoggingConfig: {
                enabled: true,
                samplingRate: sampled,
                bigqueryDestination: { outputUri: requestLog.table },
              },
            }),
        labels: { ...args.labels },
        deletionPolicy: args.deletion ?? 'DELETE',
        ...args.overrides?.endpoint,
      },
      // The id is stated: a new endpoint cannot stand beside the old one, and one that was renamed here keeps what it has.
      // The split is that of the deployed models.
      { parent: this, deleteBeforeReplace: true, ignoreChanges: ['name', 'trafficSplit'] },
    );
    this.nodes = { endpoint };
    this.resource = endpoint.id;
    this.id = endpoint.name;
    this.address = access.type === 'public' ? Binding.of(endpoint.dedicatedEndpointDns) : undefined;
    this.registerOutputs({ resource: this.resource });
  }
}

function accessOf(access: EndpointAccess): Partial<vertex.AiEndpointArgs> {
  switch (access.type) {
    case 'public':
      return { dedicatedEndpointEnabled: true };
    case 'peered':
      return { network: access.network };
    case 'private-service-connect':
      return {
        privateServiceConnectConfig: {
          ...connectConfig(access, access.connections),
          ...(access.authorized === true ? { enableSecurePrivateServiceConnect: true } : {}),
        },
      };
  }
}

function shareOf(written: RatioInput): number {
  const { value } = Ratio.is(written) ? written : Ratio.parse(written);
  if (value === 0)
    throw new ConstructError(
      'quantity-malformed',
      'requestLog.sampled',
      'received 0%, expected more, or no requestLog',
    );
  return value;
}

/** Not a random one, which would be another at every preview. */
const endpointId = (name: string): string =>
  tenDigits(fingerprintOf({ project: getProject(), stack: getStack(), name }));
