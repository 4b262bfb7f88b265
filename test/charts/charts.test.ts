import { describe, expect, test } from '@jest/globals';
import { inferenceEngine } from '@penstock/inference-engine/service';
import { mailClassifier } from '@penstock/mail-classifier/service';
import { defineTopology } from '@penstock/model';
import { checkManifests, type Manifest } from '../../constructs/policies/index.ts';
import { environments } from '../../stacks/environments/index.ts';
import { synthesizeKubernetes } from '../../stacks/kubernetes/synthesize.ts';

const workTime = { mean: '100 milliseconds', p99: '1 second' } as const;
const queue = { arrivalRate: '10/s', doneWithin: '5 minutes' } as const;

/** Two workers on queues of their own; only one of them calls the engine. */
const topology = defineTopology({
  name: 'pair',
  queues: { mails: queue, jobs: queue },
  engines: {
    embedder: {
      service: inferenceEngine,
      task: 'embedding',
      model: { id: 'm', revision: '1', weights: '90 MB', dimensions: 384, maxTokens: 128 },
      tokenRate: '3500/s',
      tokensPerRequest: 100,
      doneWithin: '1 second',
      resources: { memory: '1 GiB' },
    },
  },
  workers: {
    classify: { service: mailClassifier, queue: 'mails', workTime, calls: { embedder: { engine: 'embedder' } } },
    tidy: { service: { ...mailClassifier, calls: [] }, queue: 'jobs', workTime },
  },
});
const manifests = synthesizeKubernetes(topology, environments.dev);
const named = (kind: string) => manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
const textOf = (kind: string, name: string) =>
  JSON.stringify(manifests.find((each) => each.kind === kind && each.metadata.name === name)?.['spec']);

describe('the charts of a platform with several workers', () => {
  test('break no policy', () => {
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('give every object a name of its own', () => {
    const identities = manifests.map(({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`);
    expect(identities).toEqual([...new Set(identities)]);
  });

  test('give each worker its own scaler, its own account and its own effects', () => {
    expect(named('ScaledObject')).toEqual(['pair-classify', 'pair-tidy']);
    expect(named('PersistentVolumeClaim')).toEqual(['pair-classify-effects', 'pair-tidy-effects']);
    expect(named('ServiceAccount').toSorted()).toEqual(['pair-classify', 'pair-embedder', 'pair-tidy', 'pair-traces']);
  });

  test('give each queue its streams, and each scaler the stream of its own queue', () => {
    expect(named('Stream').toSorted()).toEqual(['pair-jobs', 'pair-jobs-dead', 'pair-mails', 'pair-mails-dead']);
    expect(textOf('ScaledObject', 'pair-tidy')).toContain('"stream":"PAIR_JOBS"');
  });

  test('let only the worker that calls the engine reach it', () => {
    expect(textOf('NetworkPolicy', 'pair-classify')).toContain('"embedder"');
    expect(textOf('NetworkPolicy', 'pair-tidy')).not.toContain('"embedder"');
    expect(textOf('NetworkPolicy', 'pair-embedder')).toContain('"classify"');
    expect(textOf('NetworkPolicy', 'pair-embedder')).not.toContain('"tidy"');
  });

  test('let the quota hold a claim for each worker', () => {
    expect(textOf('ResourceQuota', 'pair')).toContain('"persistentvolumeclaims":2');
  });
});
