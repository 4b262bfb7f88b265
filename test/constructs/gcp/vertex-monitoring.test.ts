import { describe, expect, test } from '@jest/globals';
import { VertexEndpoint } from '../../../constructs/gcp/vertex-endpoint.ts';
import { VertexModel } from '../../../constructs/gcp/vertex-model.ts';
import { VertexMonitoring, type VertexMonitoringArgs } from '../../../constructs/gcp/vertex-monitoring.ts';
import { runProgram, settled } from './vertex-program.ts';

const place = { project: 'shop', location: 'europe-west4' } as const;
const common = {
  ...place,
  every: '6 hours',
  sampled: '10%',
  told: [{ email: 'models@example.com' }],
  provider: 'provider.ts',
} as const;

interface Behind {
  readonly endpoint: VertexEndpoint;
  readonly model: VertexModel;
}

const behind = (image = 'server:1.0.0'): Behind => {
  const endpoint = new VertexEndpoint('edge', { ...place, displayName: 'edge', access: { type: 'public' } });
  const model = new VertexModel('churn', {
    ...place,
    endpoint: endpoint.resource,
    container: { image, port: 8080, predictRoute: '/predict', healthRoute: '/health' },
    resources: { machine: { machine: 'e2-standard-4' }, replicas: { min: 1, max: 2 } },
    provider: 'provider.ts',
  });
  return { endpoint, model };
};

const watched = (argsOf: (made: Behind) => Partial<VertexMonitoringArgs>, image?: string) =>
  runProgram(() => {
    const made = behind(image);
    const models = { churn: { model: made.model, drift: { age: '30%' } } } as const;
    const args: VertexMonitoringArgs = { ...common, endpoint: made.endpoint.resource, models, ...argsOf(made) };
    return { ...made, monitoring: new VertexMonitoring('churn', args) };
  });
const inputsOf = async (argsOf: (made: Behind) => Partial<VertexMonitoringArgs>) =>
  (await watched(argsOf)).inputsOf('dynamic/penstock:VertexMonitoring');

describe('the watch over models on Vertex AI', () => {
  test('asks for what the API knows, by the id of the deployed model', async () => {
    const { inputsOf: asked, made } = await watched(() => ({ kept: '30 days', labels: { team: 'growth' } }));
    expect(asked('dynamic/penstock:VertexMonitoring')).toMatchObject({
      parent: 'projects/shop/locations/europe-west4',
      endpoint: 'edge-endpoint-id',
      key: expect.stringMatching(/^w-churn-[0-9a-f]{16}$/),
      displayName: 'churn',
      labels: { team: 'growth' },
      modelDeploymentMonitoringObjectiveConfigs: [
        {
          deployedModelId: await settled(made.model.deployedModelId),
          objectiveConfig: { predictionDriftDetectionConfig: { driftThresholds: { age: { value: 0.3 } } } },
        },
      ],
      modelDeploymentMonitoringScheduleConfig: { monitorInterval: '21600s' },
      loggingSamplingStrategy: { randomSampleConfig: { sampleRate: 0.1 } },
      modelMonitoringAlertConfig: { enableLogging: true, emailAlertConfig: { userEmails: ['models@example.com'] } },
      logTtl: '2592000s',
    });
  });

  test('compares with what the model was trained on, in a table or in files', async () => {
    const skew = { target: 'left', features: { age: '20%', country: '25%' } } as const;
    const configs = async (data: { table: 'bq://p.d.t' } | { files: ['gs://b/f.csv']; format: 'csv' }) =>
      (await inputsOf(({ model }) => ({ models: { churn: { model, skew: { ...skew, data } } } })))[
        'modelDeploymentMonitoringObjectiveConfigs'
      ];
    const thresholds = { skewThresholds: { age: { value: 0.2 }, country: { value: 0.25 } } };
    expect(await configs({ table: 'bq://p.d.t' })).toMatchObject([
      {
        objectiveConfig: {
          trainingDataset: { bigquerySource: { inputUri: 'bq://p.d.t' }, targetField: 'left' },
          trainingPredictionSkewDetectionConfig: thresholds,
        },
      },
    ]);
    expect(await configs({ files: ['gs://b/f.csv'], format: 'csv' })).toMatchObject([
      {
        objectiveConfig: {
          trainingDataset: { gcsSource: { uris: ['gs://b/f.csv'] }, dataFormat: 'csv', targetField: 'left' },
        },
      },
    ]);
  });

  test('tells channels of Cloud Monitoring too, and reads schemas where they are given', async () => {
    const channel = 'projects/shop/notificationChannels/7';
    const inputs = await inputsOf(() => ({
      told: [{ channel }],
      schemas: { sent: 'gs://b/sent.yaml', compared: 'gs://b/compared.yaml' },
      encryptionKey: 'key',
    }));
    expect(inputs).toMatchObject({
      modelMonitoringAlertConfig: { enableLogging: true, notificationChannels: [channel] },
      predictInstanceSchemaUri: 'gs://b/sent.yaml',
      analysisInstanceSchemaUri: 'gs://b/compared.yaml',
      encryptionSpec: { kmsKeyName: 'key' },
    });
    expect(inputs['modelMonitoringAlertConfig']).not.toHaveProperty('emailAlertConfig');
  });

  test('is the same one for the next model, and names that one', async () => {
    const [one, two] = [await watched(() => ({})), await watched(() => ({}), 'server:2.0.0')];
    const [before, after] = [
      one.inputsOf('dynamic/penstock:VertexMonitoring'),
      two.inputsOf('dynamic/penstock:VertexMonitoring'),
    ];
    expect(after['key']).toBe(before['key']);
    expect(after['modelDeploymentMonitoringObjectiveConfigs']).not.toEqual(
      before['modelDeploymentMonitoringObjectiveConfigs'],
    );
  });

  test.each([
    ['nothing to watch', { models: {} }, /^models: none/],
    ['a time that is not whole hours', { every: '90 minutes' }, /^every: received 90 minutes/],
    ['a time that is not whole days', { kept: '36 hours' }, /^kept: received/],
    ['a sample of nothing', { sampled: '0%' }, /^sampled: received 0%/],
  ] as const)('rejects %s', async (_what, change, message) => {
    await expect(watched(() => change)).rejects.toMatchObject({
      code: 'quantity-malformed',
      message: expect.stringMatching(message),
    });
  });

  test('rejects features without a distance, and none', async () => {
    const driftOf = (drift: Record<string, '0%'>) => watched(({ model }) => ({ models: { churn: { model, drift } } }));
    await expect(driftOf({ age: '0%' })).rejects.toThrow(/models\.churn\.drift\.age: received 0%/);
    await expect(driftOf({})).rejects.toThrow(/models\.churn\.drift: none/);
  });

  test('rejects a provider outside of the project', async () => {
    await expect(watched(() => ({ provider: '../p.ts' }))).rejects.toMatchObject({ code: 'reference-missing' });
  });
});
