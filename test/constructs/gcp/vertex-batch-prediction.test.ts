import { describe, expect, test } from '@jest/globals';
import { output } from '@pulumi/pulumi';
import {
  BatchPredictionSchedule,
  type BatchPredictionScheduleArgs,
} from '../../../constructs/gcp/vertex-batch-prediction.ts';
import { PROJECT } from './platform-parts.ts';
import { runProgram } from './vertex-program.ts';

const MODEL = 'projects/mailroom-prod/locations/europe-west4/models/m-chat-aaaa';
const args: BatchPredictionScheduleArgs = {
  project: PROJECT,
  location: 'europe-west4',
  model: output(MODEL),
  cron: '0 3 * * *',
  instances: 'gs://asked/day/*.jsonl',
  predictions: 'gs://answered/day/',
  machine: { gpu: 'l4', machine: 'g2-standard-12' },
  replicas: { min: 1, max: 4 },
  runner: 'nightly',
};
const made = (more: Partial<BatchPredictionScheduleArgs> = {}) =>
  runProgram(() => new BatchPredictionSchedule('nightly', { ...args, ...more }));
const targetOf = async (more: Partial<BatchPredictionScheduleArgs> = {}) => {
  const { httpTarget } = (await made(more)).inputsOf('Job') as {
    readonly httpTarget: Readonly<Record<string, unknown>>;
  };
  return { target: httpTarget, body: JSON.parse(Buffer.from(String(httpTarget['body']), 'base64').toString()) };
};

describe('batch predictions by a clock', () => {
  test('are started at the API of the region, as the API takes them', async () => {
    const { target, body } = await targetOf();
    expect(target).toMatchObject({
      httpMethod: 'POST',
      uri: 'https://europe-west4-aiplatform.googleapis.com/v1/projects/mailroom-prod/locations/europe-west4/batchPredictionJobs',
      oauthToken: { scope: 'https://www.googleapis.com/auth/cloud-platform' },
    });
    expect(body).toEqual({
      displayName: 'nightly',
      model: MODEL,
      labels: {},
      inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://asked/day/*.jsonl'] } },
      outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: 'gs://answered/day/' } },
      dedicatedResources: {
        machineSpec: { machineType: 'g2-standard-12', acceleratorType: 'NVIDIA_L4', acceleratorCount: 1 },
        startingReplicaCount: 1,
        maxReplicaCount: 4,
      },
    });
  });

  test('read and write tables as they do files', async () => {
    const { body } = await targetOf({ instances: 'bq://p.d.asked', predictions: 'bq://p.d' });
    expect(body).toMatchObject({
      inputConfig: { instancesFormat: 'bigquery', bigquerySource: { inputUri: 'bq://p.d.asked' } },
      outputConfig: { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri: 'bq://p.d' } },
    });
  });

  test('are asked for once a time, for a second run would be paid for too', async () => {
    expect((await made()).inputsOf('Job')).toMatchObject({
      schedule: '0 3 * * *',
      timeZone: 'Etc/UTC',
      retryConfig: { retryCount: 0 },
    });
  });

  test('are started by an account that may do this and nothing else', async () => {
    const program = await made();
    expect(program.inputsOf('Account')).toMatchObject({ accountId: 'nightly' });
    expect(program.inputsOf('IAMCustomRole')['permissions']).toEqual(['aiplatform.batchPredictionJobs.create']);
    expect(program.requested.filter(({ type }) => type.endsWith(':IAMMember'))).toHaveLength(1);
  });

  test('run as an account that the starter may act as, where they are told to', async () => {
    const program = await made({ serviceAccount: 'reader@mailroom-prod.iam.gserviceaccount.com' });
    const acts = program.requested.find(({ type }) => type === 'gcp:serviceaccount/iAMMember:IAMMember');
    expect(acts?.inputs).toMatchObject({
      role: 'roles/iam.serviceAccountUser',
      serviceAccountId: 'projects/mailroom-prod/serviceAccounts/reader@mailroom-prod.iam.gserviceaccount.com',
    });
  });

  test('rejects what is no cron, and a machine that nobody sells by the hour', async () => {
    await expect(made({ cron: '@daily' })).rejects.toThrow('[configuration-malformed]');
    await expect(made({ machine: { gpu: 'h200', machine: 'a3-ultragpu-8g' } })).rejects.toThrow('[machine-unfit]');
  });
});
