import { describe, expect, test } from '@jest/globals';
import { type EmbeddingEngine, VectorSearch, type VectorSearchArgs } from '../../../constructs/gcp/vector-search.ts';
import { RankingAccess } from '../../../constructs/gcp/vertex-ranking.ts';
import { platform } from '../../../stacks/platform.ts';
import { runProgram } from './vertex-program.ts';

const args: VectorSearchArgs = {
  displayName: 'mails',
  location: 'europe-west4',
  engine: platform.engines.embedder as EmbeddingEngine,
  distance: 'cosine',
  algorithm: { type: 'tree-ah', approximateNeighbors: 150 },
  shards: { size: 'small', machine: 'e2-standard-2', replicas: { min: 2, max: 4 } },
  updates: { type: 'stream' },
  access: { type: 'private-service-connect', projects: ['shop'] },
  deployedIndexId: 'mails_v1',
};
const made = (more: Partial<VectorSearchArgs> = {}) =>
  runProgram(() => new VectorSearch('search', { ...args, ...more }));

describe('a search over vectors', () => {
  test('has vectors of the length that the model of the topology makes', async () => {
    const inputs = (await made()).inputsOf('AiIndex');
    expect(inputs).toMatchObject({
      indexUpdateMethod: 'STREAM_UPDATE',
      deletionPolicy: 'PREVENT',
      metadata: {
        config: {
          dimensions: 384,
          distanceMeasureType: 'COSINE_DISTANCE',
          featureNormType: 'NONE',
          shardSize: 'SHARD_SIZE_SMALL',
          approximateNeighborsCount: 150,
          algorithmConfig: { treeAhConfig: { leafNodeEmbeddingCount: 1000, leafNodesToSearchPercent: 10 } },
        },
      },
    });
  });

  test('compares every vector where it is told so, and takes files of a bucket', async () => {
    const inputs = (
      await made({
        algorithm: { type: 'brute-force' },
        updates: { type: 'batch', contents: 'gs://vectors/today', replaceAll: true },
      })
    ).inputsOf('AiIndex');
    expect(inputs).toMatchObject({
      indexUpdateMethod: 'BATCH_UPDATE',
      metadata: {
        contentsDeltaUri: 'gs://vectors/today',
        isCompleteOverwrite: true,
        config: { algorithmConfig: { bruteForceConfig: {} } },
      },
    });
    expect(inputs).not.toHaveProperty('metadata.config.approximateNeighborsCount');
  });

  test('deploys its own index on its own endpoint', async () => {
    const program = await made();
    expect(program.inputsOf('AiIndexEndpointDeployedIndex')).toMatchObject({
      deployedIndexId: 'mails_v1',
      index: 'search-index-id',
      indexEndpoint: 'search-endpoint-id',
      dedicatedResources: { machineSpec: { machineType: 'e2-standard-2' }, minReplicaCount: 2, maxReplicaCount: 4 },
    });
    expect(program.inputsOf('AiIndexEndpoint')).toMatchObject({
      privateServiceConnectConfig: { enablePrivateServiceConnect: true, projectAllowlists: ['shop'] },
    });
    expect(program.inputsOf('AiIndexEndpoint')).not.toHaveProperty('publicEndpointEnabled');
  });

  test.each<[string, Partial<VectorSearchArgs>, string]>([
    ['an id with a hyphen', { deployedIndexId: 'mails-v1' }, 'name-too-long'],
    ['no neighbours', { algorithm: { type: 'tree-ah', approximateNeighbors: 0 } }, 'quantity-malformed'],
    [
      'no leaves',
      { algorithm: { type: 'tree-ah', approximateNeighbors: 1, leafNodesSearched: '0%' } },
      'quantity-malformed',
    ],
  ])('rejects %s before anything is made', async (_, more, code) => {
    await expect(made(more)).rejects.toMatchObject({ code });
  });
});

test('whoever ranks by the API of Google has the one permission for it', async () => {
  const program = await runProgram(
    () =>
      new RankingAccess('ranking', { project: 'shop', members: { agent: 'serviceAccount:agent@shop.example.com' } }),
  );
  expect(program.inputsOf('Service')).toMatchObject({
    service: 'discoveryengine.googleapis.com',
    disableOnDestroy: false,
  });
  expect(program.inputsOf('IAMCustomRole')).toMatchObject({ permissions: ['discoveryengine.rankingConfigs.rank'] });
  expect(program.inputsOf('IAMMember')).toMatchObject({
    role: 'projects/shop/roles/penstockRanker',
    member: 'serviceAccount:agent@shop.example.com',
  });
});
