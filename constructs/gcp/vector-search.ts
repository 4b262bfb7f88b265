import type { RatioInput, ResolvedInferenceEngine } from '@penstock/model';
import { vertex } from '@pulumi/gcp';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import { Binding } from '../binding.ts';
import { ConstructError } from '../errors.ts';
import {
  connectConfig,
  type PeeredNetwork,
  type PrivateServiceConnect,
  type PublicAccess,
  type VertexDeletion,
} from './vertex-access.ts';
import { checkReplicas, type VertexReplicas, wholePercents } from './vertex-machine.ts';

/** An engine of the topology that embeds. */
export type EmbeddingEngine = Extract<ResolvedInferenceEngine, { readonly task: 'embedding' }>;

/** How neighbours are found. */
export type VectorAlgorithm =
  /** A shallow tree and asymmetric hashing: approximate, for many vectors. */
  | {
      readonly type: 'tree-ah';
      /** Found approximately before the best of them are put in their exact order. */
      readonly approximateNeighbors: number;
      /** @default 1000 */
      readonly leafNodeEmbeddings?: number;
      /** Share of the leaves that a query searches. @default '10%' */
      readonly leafNodesSearched?: RatioInput;
    }
  /** Every vector is compared: exact, for few vectors, or to measure the other by. */
  | { readonly type: 'brute-force' };

/** Shards by what one holds of the vectors (2, 20 or 50 GB), and the machines that are large enough for one. */
export type VectorShards<Min extends number = number> =
  | Shards<'small', Min, 'e2-standard-2' | MediumMachine>
  | Shards<'medium', Min, MediumMachine>
  | Shards<'large', Min, LargeMachine>;

type LargeMachine = 'e2-highmem-16' | 'n2d-standard-32';
type MediumMachine = 'e2-standard-16' | LargeMachine;

interface Shards<Size extends string, Min extends number, Machine extends string> {
  readonly size: Size;
  readonly machine: Machine;
  /** One replica comes without a promise of availability. */
  readonly replicas: VertexReplicas<Min>;
}

const DISTANCES = {
  'squared-l2': 'SQUARED_L2_DISTANCE',
  l1: 'L1_DISTANCE',
  cosine: 'COSINE_DISTANCE',
  'dot-product': 'DOT_PRODUCT_DISTANCE',
} as const;

const DEPLOYED_ID = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;

export interface VectorSearchArgs<Min extends number = number> {
  readonly displayName: string;
  readonly location: Input<string>;
  /** Whose embeddings are searched: the length of a vector is its model's. */
  readonly engine: EmbeddingEngine;
  readonly distance: keyof typeof DISTANCES;
  /** Bring vectors to length one first: a model that does not do so itself needs it for the dot product. @default false */
  readonly normalized?: boolean;
  readonly algorithm: VectorAlgorithm;
  readonly shards: VectorShards<Min>;
  /** `stream`: single vectors, searchable within seconds. `batch`: files of a bucket, at each update. */
  readonly updates:
    | { readonly type: 'stream'; readonly initial?: Input<string> }
    | { readonly type: 'batch'; readonly contents: Input<string>; readonly replaceAll?: boolean };
  readonly access: PublicAccess | PeeredNetwork | PrivateServiceConnect;
  /** Under which it is deployed: letters, digits and underscores, unique in the project. */
  readonly deployedIndexId: string;
  readonly encryptionKey?: Input<string>;
  readonly labels?: Readonly<Record<string, Input<string>>>;
  /** Of the index: it holds what took long to embed. @default 'PREVENT' */
  readonly deletion?: VertexDeletion;
  readonly overrides?: {
    readonly index?: Partial<vertex.AiIndexArgs>;
    readonly endpoint?: Partial<vertex.AiIndexEndpointArgs>;
    readonly deployedIndex?: Partial<vertex.AiIndexEndpointDeployedIndexArgs>;
  };
}

/** An index of embeddings, an endpoint, and the one deployed on the other. */
export class VectorSearch<Min extends number = number> extends ComponentResource {
  /** The raw resources. */
  readonly nodes: {
    readonly index: vertex.AiIndex;
    readonly endpoint: vertex.AiIndexEndpoint;
    readonly deployedIndex: vertex.AiIndexEndpointDeployedIndex;
  };
  /** Host of a public endpoint; of a private one it is empty, and `serviceAttachment` or `matchAddress` is set. */
  readonly address: Binding<Output<string>>;

  /** @throws {ConstructError} `quantity-malformed`, `name-too-long` */
  constructor(name: string, args: VectorSearchArgs<Min>, options: ComponentResourceOptions = {}) {
    const { displayName, location, engine, access, shards, encryptionKey } = args;
    check(args);
    super('penstock:gcp:VectorSearch', name, {}, options);
    const encryption = encryptionKey === undefined ? {} : { encryptionSpec: { kmsKeyName: encryptionKey } };
    const labels = { ...args.labels };
    const index = new vertex.AiIndex(
      `${name}-index`,
      {
        displayName,
        region: location,
        indexUpdateMethod: args.updates.type === 'stream' ? 'STREAM_UPDATE' : 'BATCH_UPDATE',
        metadata: { ...contentsOf(args.updates), config: configOf(args) },
        ...encryption,
        labels,
        deletionPolicy: args.deletion ?? 'PREVENT',
        ...args.overrides?.index,
      },
      { parent: this },
    );
    const endpoint = new vertex.AiIndexEndpoint(
      `${name}-endpoint`,
      { displayName, region: location, ...accessOf(access), ...encryption, labels, ...args.overrides?.endpoint },
      { parent: this },
    );
    const deployedIndex = new vertex.AiIndexEndpointDeployedIndex(
      `${name}-deployed`,
      {
        deployedIndexId: args.deployedIndexId,
        displayName: `${displayName} of ${engine.name}`,
        index: index.id,
        indexEndpoint: endpoint.id,
        region: location,
        dedicatedResources: {
          machineSpec: { machineType: shards.machine },
          minReplicaCount: shards.replicas.min,
          maxReplicaCount: shards.replicas.max,
        },
        ...args.overrides?.deployedIndex,
      },
      // Its id is unique in the project: two of it cannot be deployed at once.
      { parent: this, deleteBeforeReplace: true },
    );
    this.nodes = { index, endpoint, deployedIndex };
    this.address = Binding.of(endpoint.publicEndpointDomainName);
    this.registerOutputs({ address: this.address.lower() });
  }
}

function configOf({ engine, distance, normalized = false, algorithm, shards }: VectorSearchArgs) {
  return {
    dimensions: engine.model.dimensions,
    distanceMeasureType: DISTANCES[distance],
    featureNormType: normalized ? 'UNIT_L2_NORM' : 'NONE',
    shardSize: `SHARD_SIZE_${shards.size.toUpperCase()}`,
    ...(algorithm.type === 'brute-force'
      ? { algorithmConfig: { bruteForceConfig: {} } }
      : {
          approximateNeighborsCount: algorithm.approximateNeighbors,
          algorithmConfig: {
            treeAhConfig: {
              leafNodeEmbeddingCount: algorithm.leafNodeEmbeddings ?? 1_000,
              leafNodesToSearchPercent: wholePercents(
                'algorithm.leafNodesSearched',
                algorithm.leafNodesSearched ?? '10%',
              ),
            },
          },
        }),
  };
}

function contentsOf(updates: VectorSearchArgs['updates']) {
  if (updates.type === 'stream') return updates.initial === undefined ? {} : { contentsDeltaUri: updates.initial };
  return { contentsDeltaUri: updates.contents, isCompleteOverwrite: updates.replaceAll ?? false };
}

function accessOf(access: VectorSearchArgs['access']): Partial<vertex.AiIndexEndpointArgs> {
  switch (access.type) {
    case 'public':
      return { publicEndpointEnabled: true };
    case 'peered':
      return { network: access.network };
    case 'private-service-connect':
      return { privateServiceConnectConfig: connectConfig(access) };
  }
}

function check({ algorithm, shards, deployedIndexId }: VectorSearchArgs): void {
  checkReplicas('shards', shards.replicas);
  if (!DEPLOYED_ID.test(deployedIndexId))
    throw new ConstructError(
      'name-too-long',
      'deployedIndexId',
      `received ${deployedIndexId}, expected at most 128 letters, digits and underscores, beginning with a letter`,
    );
  if (algorithm.type === 'brute-force') return;
  for (const field of ['approximateNeighbors', 'leafNodeEmbeddings'] as const) {
    const count = algorithm[field];
    if (count !== undefined && (!Number.isInteger(count) || count < 1))
      throw new ConstructError('quantity-malformed', `algorithm.${field}`, `received ${count}, expected 1 or more`);
  }
  wholePercents('algorithm.leafNodesSearched', algorithm.leafNodesSearched ?? '10%');
}
